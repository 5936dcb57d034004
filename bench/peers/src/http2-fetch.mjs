import { connect } from "node:http2";

/** A `fetch` with one HTTP/2 connection to one origin, which costs a client a fraction of what Node's own costs. */
export function http2Fetch(origin) {
  const session = connect(origin, { settings: { initialWindowSize: 1024 * 1024 } });
  const fetch = (url, { body, headers, method }) =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ...headers, ":method": method, ":path": new URL(url).pathname });
      const chunks = [];
      let answer;
      stream.on("response", (given) => {
        answer = given;
      });
      stream.on("data", (chunk) => chunks.push(chunk));
      stream.on("end", () => resolve(responseOf(answer, Buffer.concat(chunks))));
      stream.on("error", reject);
      stream.end(body);
    });
  return { fetch, close: () => session.close() };
}

function responseOf(headers, body) {
  const status = headers[":status"];
  return {
    ok: status >= 200 && status < 300,
    status,
    headers: { get: (name) => headers[name] ?? null },
    arrayBuffer: async () => body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength),
    text: async () => body.toString(),
  };
}
