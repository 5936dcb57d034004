import { startServer } from "@kagzi/server";
import { openStore } from "@kagzi/embedded";

// A server of a release, as a process: `node server.js DATABASE [SCHEMA]`. It says its address by IPC, and ends with its parent.
const [url = "", schema] = process.argv.slice(2);
const store = await openStore(url, schema === undefined ? {} : { schema });
const server = await startServer({ store, host: "127.0.0.1", port: 0, config: { leaseMs: 2000, pollMs: 200 } });
await server.ready;
process.on("disconnect", () => process.exit(0));
process.send?.({ url: server.url });
