import { embedded } from "@kagzi/embedded";
import { Client, Worker, workflow } from "kagzi";

const greet = workflow("greet", async (ctx, name: string) => {
  const greeting = await ctx.step("compose", () => `Hello, ${name}!`);
  await ctx.sleep("a moment", "100ms");
  await ctx.step("say", () => console.log(greeting));
  return greeting.length;
});

const engine = await embedded("sqlite::memory:");
const worker = new Worker({ connection: engine, workflows: [greet] });
await worker.start();

const client = new Client({ connection: engine });
const run = await client.start(greet, "Ada", { id: "greet-ada" });
console.log("result:", await run.result());

const again = await client.start(greet, "Ada", { id: "greet-ada" });
console.log("the same run:", again.id === run.id);

await worker.stop();
await engine.close();
