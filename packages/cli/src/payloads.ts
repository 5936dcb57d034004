import type { Payload } from "@kagzi/proto";
import { cutTo } from "./terminal.ts";

const JSON_TYPE = "application/json";

/** A payload as it is kept: the text of its JSON, or what can be said of other bytes. `undefined` for none. */
export function payloadText(payload: Payload | undefined): string | undefined {
  if (payload === undefined) return undefined;
  return isJson(payload) ? Buffer.from(payload.data).toString() : describe(payload);
}

/** A payload with its JSON in lines. What is too long is cut, if it may be at most `most` characters long. */
export function payloadLines(payload: Payload | undefined, most: number | undefined): string | undefined {
  const text = payloadText(payload);
  if (payload === undefined || text === undefined || !isJson(payload)) return text;
  const lines = indented(text);
  return most === undefined || lines.length <= most ? lines : cutTo(text, most);
}

/** A payload by itself, for another program: JSON as text with a line's end, other bytes as they are. */
export function payloadAlone(payload: Payload | undefined, isForPeople: boolean): string | Uint8Array {
  if (payload === undefined) return "null\n";
  if (!isJson(payload)) return payload.data;
  const text = Buffer.from(payload.data).toString();
  return `${isForPeople ? indented(text) : text}\n`;
}

function isJson({ metadata }: Payload): boolean {
  return (metadata["content-type"] ?? JSON_TYPE) === JSON_TYPE && (metadata["encoding"] ?? "") === "";
}

function describe({ data, metadata }: Payload): string {
  const encoding = metadata["encoding"] === undefined ? "" : `, ${metadata["encoding"]}`;
  return `${data.byteLength} bytes of ${metadata["content-type"] ?? "unknown type"}${encoding}`;
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}
