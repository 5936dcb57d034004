import { parseArgs } from "node:util";
import { run } from "./prepare.mjs";

// A server, a worker and a client that go on and on: npm run soak -- --minutes 60 --rate 50 --store postgres
process.chdir(new URL("..", import.meta.url).pathname);
const { values } = parseArgs({
  options: {
    runs: { type: "string" },
    minutes: { type: "string" },
    rate: { type: "string" },
    store: { type: "string" },
    page: { type: "string" },
  },
});
for (const [name, value] of Object.entries(values)) process.env[`KAGZI_SOAK_${name.toUpperCase()}`] = value;
run("npx", ["tsc", "-b"]);
run("npx", ["vitest", "run", "--project", "soak"]);
