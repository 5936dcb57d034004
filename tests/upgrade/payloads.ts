import { fromTagged } from "../../sdks/typescript/src/payload/decode.ts";

/** The value of a payload without a codec. */
export function decodeJson(data: Uint8Array | undefined): unknown {
  if (data === undefined || data.length === 0) return undefined;
  const text = Buffer.from(data).toString("utf8");
  return fromTagged({ value: JSON.parse(text) as unknown, text });
}
