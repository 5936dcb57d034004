import { LedgerClient } from "@kagzi/test-support";
import { Client } from "kagzi";
import type { ChaosEntry } from "./entries.ts";
import { Load } from "./load.ts";

// The clients of the chaos tests: URLS are those of servers, DONE says how much each customer has done. It ends when it is
// told to stop and all that it began is done.
const ledger = await LedgerClient.open<ChaosEntry>(process.env["LEDGER"] ?? "");
const clients = (process.env["URLS"] ?? "").split(" ").map((url) => new Client({ url }));
const load = new Load({
  clients,
  append: (entry) => ledger.append(entry),
  seed: process.env["SEED"] ?? "",
  done: JSON.parse(process.env["DONE"] ?? "[]") as number[],
});
process.on("message", () => load.stop());
process.send?.("ready");
await load.run();
for (const each of clients) await each.close();
process.exit();
