import { prepare, run } from "./prepare.mjs";

// The long variants of what npm test runs in short, one after the other: hours. Each line may be run by itself.
process.chdir(new URL("..", import.meta.url).pathname);
prepare();

const LONG = [
  // Five million calls to SQLite and fifty thousand to PostgreSQL, held against a model.
  { env: { KAGZI_MODEL_CALLS: "5000000" }, command: "npx vitest run --project conformance tests/model" },
  // Any two calls about a run, in every state, and twenty thousand bursts.
  { env: { KAGZI_RACE_STATES: "all" }, command: "npx vitest run --project conformance tests/race/pairs.test.ts" },
  {
    env: { KAGZI_RACE_HISTORIES: "20000" },
    command: "npx vitest run --project conformance tests/race/linearizable.test.ts",
  },
  // Every bug that is made on purpose.
  { env: {}, command: "npm run mutants" },
  { env: {}, command: "npm run sim -- --seeds 1000000" },
  { env: {}, command: "npm run fuzz -- --messages 5000000 --values 5000000" },
  { env: {}, command: "npm run chaos -- --minutes 30" },
  { env: {}, command: "npm run chaos -- --store sqlite --minutes 10" },
  { env: {}, command: "npm run chaos -- --store embedded --minutes 10" },
  { env: {}, command: "npm run soak -- --minutes 60 --rate 50 --store postgres" },
];

for (const { command, env } of LONG) {
  console.log(command);
  const [program, ...args] = command.split(" ");
  run(program, args, { env: { ...process.env, ...env } });
}
