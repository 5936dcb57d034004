import { universalResponseToNodeResponse } from "@connectrpc/connect-node";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import type { Response } from "./request-handler.ts";

/** Answers a call. One whose length is known goes out in one piece. */
export async function respond(answer: UniversalServerResponse, response: Response): Promise<void> {
  const { body, header, status, trailer } = answer;
  if (body === undefined || trailer !== undefined || header?.has("content-length") !== true) {
    return universalResponseToNodeResponse(answer, response);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  sendWhole(response, { status, headers: Object.fromEntries(header), bytes: Buffer.concat(chunks) });
}

/** An answer in one piece. */
export interface Whole {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
}

/**
 * Over HTTP/2 past Node's response, which keeps the stream open for trailers: then its end is a packet of its own, sent
 * when the body has gone out, and the caller waits for that.
 */
export function sendWhole(response: Response, { bytes, headers, status }: Whole): void {
  if (!("stream" in response)) {
    response.writeHead(status, headers);
    response.end(bytes);
  } else if (!response.stream.destroyed) {
    response.stream.respond({ ...response.getHeaders(), ":status": status, ...headers });
    response.stream.end(bytes);
  }
}
