import assert from "node:assert/strict";
import { after, test } from "node:test";
import { TestEnvironment } from "@kagzi/testing";
import { hello } from "../workflows/hello.ts";

const env = await TestEnvironment.create({ workflows: [hello], autoSkip: true });
after(() => env.close());

test("hello greets, in no time: the clock of a test is virtual", async () => {
  const run = await env.client.start(hello, { name: "Ada" });
  assert.deepEqual(await run.result(), { text: "Hello Ada" });
});

test("hello comes to the same end when its worker is lost after any step", async () => {
  const { crashes } = await env.crashTest(hello, { name: "Ada" });
  assert.ok(crashes > 0);
});
