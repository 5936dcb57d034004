import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** A proxy that puts a server under a path, and takes the path away again before it asks the server. */
export async function prefixProxy(
  target: string,
  prefix: string,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const { hostname, port } = new URL(target);
  const proxy = createServer((incoming, outgoing) => {
    const { headers, method, url = "" } = incoming;
    if (!url.startsWith(`${prefix}/`)) return outgoing.writeHead(404).end("outside of the prefix");
    const path = url.slice(prefix.length);
    const forwarded = request({ hostname, port, path, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on("error", () => outgoing.destroy());
    return incoming.pipe(forwarded);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const close = async () => {
    proxy.closeAllConnections();
    proxy.close();
    await once(proxy, "close");
  };
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, close };
}
