import { Code, ConnectError } from "@connectrpc/connect";
import type { Request } from "./request-handler.ts";

/** @throws ConnectError `ResourceExhausted` for a body of more than `maxBytes`, `Aborted` for one that breaks off */
export function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes <= maxBytes) chunks.push(chunk);
      else reject(tooLarge(maxBytes));
    });
    const brokeOff = () => reject(new ConnectError("the request broke off", Code.Aborted));
    request.once("end", () => {
      request.off("close", brokeOff);
      resolve(Buffer.concat(chunks));
    });
    request.once("error", reject);
    request.once("close", brokeOff);
  });
}

function tooLarge(maxBytes: number): ConnectError {
  return new ConnectError(`a message may have ${maxBytes} bytes, and this one has more`, Code.ResourceExhausted);
}
