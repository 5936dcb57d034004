import Module from "node:module";
import { embedded } from "@kagzi/embedded";
import { Client, Worker, workflow } from "kagzi";
import { afterAll, expect, it } from "vitest";
import { quiet } from "./fixture.ts";

type Resolve = (request: string, ...rest: readonly unknown[]) => string;

const loader = Module as unknown as { _resolveFilename: Resolve };
const resolve = loader._resolveFilename;
const asked: string[] = [];

afterAll(() => {
  loader._resolveFilename = resolve;
});

it("goes on without traces where OpenTelemetry's API cannot be loaded", async () => {
  // As if a copy of it that cannot be found from here had been set up.
  Reflect.set(globalThis, Symbol.for("opentelemetry.js.api.1"), { version: "1.9.0" });
  loader._resolveFilename = (request, ...rest) => {
    if (request !== "@opentelemetry/api") return resolve(request, ...rest);
    asked.push(request);
    throw new Error(`${request} is not installed`);
  };
  await using engine = await embedded("sqlite::memory:");
  const greet = workflow("greet", (ctx, name: string) => ctx.step("greet", () => `Hello, ${name}`));
  await using worker = new Worker({ connection: engine, workflows: [greet], logger: quiet });
  await worker.start();
  const client = new Client({ connection: engine });
  expect(await (await client.start(greet, "Ada")).result()).toBe("Hello, Ada");
  // Once, and not with every step.
  expect(asked).toEqual(["@opentelemetry/api"]);
});
