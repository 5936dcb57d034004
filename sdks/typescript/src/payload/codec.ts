import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { type Payload, PayloadSchema } from "@kagzi/proto";
import { KagziError } from "../error.ts";
import { isToBeMade } from "../schedule.ts";
import { checkPayloadSize, decodePayload, encodePayload } from "./payload.ts";

/** A payload as a codec sees it: bytes, and what is said of them. */
export interface EncodedPayload {
  readonly data: Uint8Array;
  /** `content-type`, `encoding` … A codec that changes the bytes says so here, so that it knows them again. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * What happens to every payload on its way out of this process and back: encryption, compression. Inputs, results of
 * steps, outputs, events and progress go through it; names and errors do not. Client and worker need the same one.
 */
export interface PayloadCodec {
  encode(payload: EncodedPayload): EncodedPayload;
  /** Gives back what it was given to encode. What it did not encode it gives back as it is. */
  decode(payload: EncodedPayload): EncodedPayload;
  /**
   * The same text for the same bytes, and nothing that leads back to them. Needed where `encode` does not give the same
   * bytes for the same input: by it a second start with the same id is known to have the same input.
   */
  fingerprint?(data: Uint8Array): string;
}

/** In a payload's metadata: what the server compares instead of the bytes. */
const FINGERPRINT = "kagzi-fingerprint";

/** Values to payloads and back, through a codec if there is one. */
export class Payloads {
  readonly #codec: PayloadCodec | undefined;

  constructor(codec: PayloadCodec | undefined) {
    this.#codec = codec;
  }

  /** Whether nobody can read the payloads who does not have the codec. */
  get isCoded(): boolean {
    return this.#codec !== undefined;
  }

  /** `part` names the value where an error gives a path in it, `what` where it is too large. */
  encode(value: unknown, part: string, what = part): Payload | undefined {
    return checkPayloadSize(this.#encoded(encodePayload(value, part), what), what);
  }

  decode(payload: Payload | undefined): unknown {
    if (isToBeMade(payload)) return undefined;
    if (payload === undefined || this.#codec === undefined) return decodePayload(payload);
    const codec = this.#codec;
    const { data, metadata } = guarded("decode", "a payload", () => codec.decode(payload));
    return decodePayload(create(PayloadSchema, { data, metadata: { ...metadata } }));
  }

  #encoded(payload: Payload | undefined, what: string): Payload | undefined {
    const codec = this.#codec;
    if (payload === undefined || codec === undefined) return payload;
    const { data, metadata } = guarded("encode", what, () => codec.encode(payload));
    const fingerprint = codec.fingerprint?.(payload.data);
    const hash = fingerprint === undefined ? {} : { [FINGERPRINT]: shortened(fingerprint) };
    return create(PayloadSchema, { data, metadata: { ...metadata, ...hash } });
  }
}

function guarded(verb: string, what: string, work: () => EncodedPayload): EncodedPayload {
  try {
    return work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new KagziError("INVALID_ARGUMENT", `the codec could not ${verb} ${what}: ${reason}`, { cause });
  }
}

function shortened(fingerprint: string): string {
  return createHash("sha256").update(fingerprint).digest("base64url");
}
