import { Link, type Trouble } from "./link.ts";

/** What the proxy is asked by the process that started it. */
export type ProxyRequest =
  | { readonly id: number; readonly open: readonly number[] }
  | { readonly id: number; readonly link: number; readonly trouble: Trouble; readonly ms: number };

/** What it answers: done; with the port of a link that it opened. */
export interface ProxyAnswer {
  readonly id: number;
  readonly port?: number;
}

// The links between the processes of the chaos tests, in a process that is neither killed nor busy with anything else.
const links: Link[] = [];
process.on("message", (request: ProxyRequest) => void serve(request));
process.on("disconnect", () => process.exit());
process.send?.("ready");

async function serve(request: ProxyRequest): Promise<void> {
  if ("open" in request) {
    const link = await Link.open(request.open);
    links.push(link);
    return answer({ id: request.id, port: link.port });
  }
  await links[request.link]?.trouble(request.trouble, request.ms);
  answer({ id: request.id });
}

function answer(message: ProxyAnswer): void {
  process.send?.(message);
}
