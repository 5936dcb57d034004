import type { Principal } from "@kagzi/core";
import type { DescMessage, DescService, MessageInitShape, MessageShape } from "@bufbuild/protobuf";

/** What a service hears of a call beside its request. */
export interface Call {
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
  /** Who makes it; absent in the process of the engine. */
  readonly principal?: Principal;
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

type Shape<Schema> = Schema extends DescMessage ? MessageShape<Schema> : never;
type Init<Schema> = Schema extends DescMessage ? MessageInitShape<Schema> : never;
