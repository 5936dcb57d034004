import type { Payload } from "@kagzi/proto";
import type { ReactNode } from "react";
import { formatBytes } from "../app/format.ts";
import { Button } from "./button.tsx";
import { Copy } from "./copy.tsx";
import { JsonTree } from "./json-tree.tsx";

/** Up to here a payload is shown as a tree; of a larger one the beginning is shown, and the rest can be saved. */
const TREE_BYTES = 256_000;
const PREVIEW_CHARACTERS = 4000;

/** A payload as it can be shown: what it holds, or that only its owner can read it. */
export type Readable =
  | { readonly kind: "json"; readonly value: unknown; readonly text: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "bytes"; readonly why: string }
  | { readonly kind: "nothing" };

/** Reads a payload as far as a browser can. */
export function readPayload(payload: Payload | undefined): Readable {
  if (payload === undefined || payload.data.length === 0) return { kind: "nothing" };
  const { encoding, "content-type": type = "application/json" } = payload.metadata;
  if (encoding !== undefined) return { kind: "bytes", why: `encoded as ${encoding}` };
  if (!/json|^text\//u.test(type)) return { kind: "bytes", why: type };
  const text = new TextDecoder().decode(payload.data);
  if (!type.includes("json")) return { kind: "text", text };
  try {
    return { kind: "json", value: JSON.parse(text), text };
  } catch {
    return { kind: "text", text };
  }
}

export interface PayloadViewProps {
  readonly payload: Payload | undefined;
  /** What it is: `Input`. */
  readonly label: string;
}

/** What was given or came out: a tree that folds, with ways to copy and to save it. */
export function PayloadView({ payload, label }: PayloadViewProps): ReactNode {
  const readable = readPayload(payload);
  const size = payload?.data.length ?? 0;
  return (
    <section className="payload" aria-label={label}>
      <header>
        <h3>{label}</h3>
        {size > 0 && <span className="faint">{formatBytes(size)}</span>}
        {"text" in readable && size <= TREE_BYTES && <Copy text={readable.text} label={label.toLowerCase()} />}
        {payload !== undefined && size > 0 && (
          <Button
            look="quiet"
            className="button quiet small"
            icon="download"
            aria-label={`Save ${label.toLowerCase()} as a file`}
            title="Save as a file"
            onClick={() => save(payload, label)}
          />
        )}
      </header>
      <PayloadBody readable={readable} size={size} />
    </section>
  );
}

function PayloadBody({ readable, size }: { readonly readable: Readable; readonly size: number }): ReactNode {
  if (readable.kind === "nothing") return <p className="faint">Nothing.</p>;
  if (readable.kind === "bytes") {
    return (
      <p className="faint">
        {formatBytes(size)} that only its owner can read ({readable.why}).
      </p>
    );
  }
  if (size > TREE_BYTES) {
    return (
      <>
        <pre className="code">{readable.text.slice(0, PREVIEW_CHARACTERS)}…</pre>
        <p className="faint">This is its beginning. Save it as a file to see all {formatBytes(size)}.</p>
      </>
    );
  }
  return readable.kind === "json" ? <JsonTree value={readable.value} /> : <pre className="code">{readable.text}</pre>;
}

function save(payload: Payload, label: string): void {
  const isJson = readPayload(payload).kind === "json";
  const url = URL.createObjectURL(new Blob([payload.data as Uint8Array<ArrayBuffer>]));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${label.toLowerCase()}.${isJson ? "json" : "bin"}`;
  link.click();
  URL.revokeObjectURL(url);
}
