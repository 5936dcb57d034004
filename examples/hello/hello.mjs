// A workflow, a worker and a client in one process, with an SQLite file beside them: node examples/hello/hello.mjs
import { embedded } from "@kagzi/embedded";
import { Client, Worker, workflow } from "kagzi";

const greet = workflow("greet", async (ctx, /** @type {string} */ name) => {
  const greeting = await ctx.step("compose", () => `Hello, ${name}!`);
  await ctx.sleep("pause", "1s");
  await ctx.step("say", () => console.log(greeting));
  return greeting.length;
});

const engine = await embedded("sqlite:./.kagzi/hello.db");
const worker = new Worker({ connection: engine, workflows: [greet] });
await worker.start();
const run = await new Client({ connection: engine }).start(greet, process.argv[2] ?? "world");
console.log(`run ${run.id} gave ${await run.result()}`);
await worker.stop();
await engine.close();
