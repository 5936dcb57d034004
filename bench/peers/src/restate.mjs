import { createServer } from "node:http2";
import * as restate from "@restatedev/restate-sdk";
import * as clients from "@restatedev/restate-sdk-clients";
import { inParallel, serve } from "../../dist/programs/program.js";
import { http2Fetch } from "./http2-fetch.mjs";

// The place's address is that of the ingress, and after a blank that of the admin API.
const CALLS = 256;

let ingress;
let connection;
let admin;
let marks;
let server;

const bench = restate.service({
  name: "bench",
  handlers: {
    async steps(ctx, { n, steps }) {
      let sum = n;
      for (let index = 0; index < steps; index++) {
        const before = sum;
        sum = await ctx.run("add", () => {
          marks.step(n, index);
          return before + index;
        });
      }
      marks.ended(n);
      return sum;
    },
    async sleeper(ctx, { dueAt, n }) {
      await ctx.sleep(Math.max(0, dueAt - Date.now()));
      marks.woke(n, dueAt);
      marks.ended(n);
      return n;
    },
  },
});

const startAll = ({ count, first }, handler, inputOf) =>
  inParallel({ first, count, atOnce: CALLS }, (n) => ingress.serviceSendClient(bench)[handler](inputOf(n)));

serve({
  settings: `one node, its own log with the durability of its default; endpoint over HTTP/2, both ways at once; client with a fetch over HTTP/2; ${CALLS} calls at once`,
  client: {
    async connect({ url }) {
      const [ingressUrl, adminUrl] = url.split(" ");
      connection = http2Fetch(ingressUrl);
      ingress = clients.connect({ url: ingressUrl, fetch: connection.fetch });
      admin = adminUrl;
    },
    start: ({ steps, ...range }) => startAll(range, "steps", (n) => ({ n, steps })),
    async run(input) {
      await ingress.serviceClient(bench).steps(input);
    },
    sleep: ({ dueAt, ...range }) => startAll(range, "sleeper", (n) => ({ n, dueAt })),
    async isSettled() {
      const answer = await ask("/query", {
        query: "SELECT count(*) AS open FROM sys_invocation_status WHERE status <> 'completed'",
      });
      return answer.rows[0].open === 0;
    },
    async close() {
      connection.close();
    },
  },
  worker: {
    async connect({ url }, given) {
      marks = given;
      [, admin] = url.split(" ");
      const handler = restate.createEndpointHandler({ services: [bench], bidirectional: true, logger: () => {} });
      server = createServer(handler);
      await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
      await ask("/deployments", { uri: `http://127.0.0.1:${server.address().port}` });
    },
    // It is called as soon as it is known.
    async begin() {},
    async end() {},
    async close() {
      server.close();
    },
  },
});

async function ask(path, body) {
  const headers = { "content-type": "application/json", accept: "application/json" };
  const answer = await fetch(`${admin}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
