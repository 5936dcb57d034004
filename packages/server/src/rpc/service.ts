import type { DescMessage, DescService, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { unimplemented } from "./errors.ts";

/** What a service hears of a call beside its request. */
export interface Call {
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
}

/**
 * A service as a plain object with one function for each of its methods. The network calls them through Connect, the
 * embedded mode calls them as they are.
 */
export type Service<Desc extends DescService> = {
  [Name in keyof Desc["method"]]: Desc["method"][Name] extends {
    readonly methodKind: infer Kind;
    readonly input: infer Input;
    readonly output: infer Output;
  }
    ? Kind extends "unary"
      ? (request: Shape<Input>, call: Call) => Promise<Init<Output>>
      : Kind extends "server_streaming"
        ? (request: Shape<Input>, call: Call) => AsyncIterable<Init<Output>>
        : (requests: AsyncIterable<Shape<Input>>, call: Call) => AsyncIterable<Init<Output>>
    : never;
};

/** A method that is in the contract and not in this server. */
export function notOffered(method: string): () => Promise<never> {
  return async () => {
    throw unimplemented(method);
  };
}

type Shape<Schema> = Schema extends DescMessage ? MessageShape<Schema> : never;
type Init<Schema> = Schema extends DescMessage ? MessageInitShape<Schema> : never;
