import { parseArgs } from "node:util";
import { run } from "./prepare.mjs";

// Tries out random messages, values and texts:
// npm run fuzz -- --messages 5000000 --values 5000000 --seed 7 -t "every service"
process.chdir(new URL("..", import.meta.url).pathname);
const { values } = parseArgs({
  options: {
    messages: { type: "string" },
    values: { type: "string" },
    seed: { type: "string" },
    page: { type: "string" },
    testNamePattern: { type: "string", short: "t" },
  },
});
const given = { MESSAGES: values.messages, VALUES: values.values, SEED: values.seed, PAGE: values.page };
for (const [name, value] of Object.entries(given)) if (value !== undefined) process.env[`KAGZI_FUZZ_${name}`] = value;
run("npx", ["tsc", "-b"]);
const only = values.testNamePattern === undefined ? [] : ["-t", values.testNamePattern];
run("npx", ["vitest", "run", "--project", "fuzz", ...only]);
