import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openStore } from "@kagzi/embedded";
import { startServer } from "@kagzi/server";
import { expect, it } from "vitest";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What the code of the README takes for granted. */
const AROUND = `
import { Client, Worker, workflow } from "kagzi";
const payments = { charge: async (order, { idempotencyKey }) => ({ of: order.id, key: idempotencyKey }) };
const invoices = { create: async (order, payment) => "invoice for " + payment.of };
const order = { id: "order-1" };
`;

it("the README's code does what it says, with the server that it asks for", async () => {
  const readme = await readFile(`${ROOT}README.md`, "utf8");
  const code = /```ts\n([^]*?)```/u.exec(readme)?.[1] ?? "";
  expect(code.trim().split("\n").length).toBeLessThanOrEqual(15);
  const store = await openStore("sqlite::memory:");
  const server = await startServer({ store, host: "127.0.0.1", port: 0 });
  await server.ready;
  // Beside the packages, so that it finds them.
  const folder = await mkdtemp(`${ROOT}examples/guides/dist/readme-`);
  try {
    const quick = code.replace("order: Order", "order").replace('"30s"', '"30ms"');
    await writeFile(`${folder}/readme.mjs`, `${AROUND}${quick}\nprocess.exit(0);`);
    const env = { ...process.env, KAGZI_URL: server.url };
    const { stdout } = await run(process.execPath, [`${folder}/readme.mjs`], { env, timeout: 20_000 });
    expect(stdout).toBe("invoice for order-1\n");
  } finally {
    await rm(folder, { recursive: true, force: true });
    await server.stop();
    await store.close();
  }
});

it("the hello example greets who it is told to", async () => {
  const folder = await mkdtemp(`${ROOT}examples/guides/dist/hello-`);
  try {
    const { stdout } = await run(process.execPath, [`${ROOT}examples/hello/hello.mjs`, "Ada"], {
      cwd: folder,
      timeout: 20_000,
    });
    expect(stdout).toMatch(/^Hello, Ada!\nrun [0-9a-f-]{36} gave 11\n$/u);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
