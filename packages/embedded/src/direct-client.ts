import { type DescMethod, type DescService, type MessageInitShape, create } from "@bufbuild/protobuf";
import type { CallOptions, Client } from "@connectrpc/connect";
import { type Service, toConnectError } from "@kagzi/server";

type Init = MessageInitShape<DescMethod["input"]>;
type Call = { readonly signal: AbortSignal };
type Unary = (request: unknown, call: Call) => Promise<MessageInitShape<DescMethod["output"]>>;
type Streaming = (
  requests: AsyncIterable<unknown>,
  call: Call,
) => AsyncIterable<MessageInitShape<DescMethod["output"]>>;

/**
 * A client that calls a service in this process: no socket, no bytes, the same messages and the same errors. A transport
 * in memory would do the same and cost a tenth of a millisecond more for each call.
 */
export function directClient<Desc extends DescService>(desc: Desc, service: Service<Desc>): Client<Desc> {
  const methods = desc.methods.map((method) => {
    const implementation: unknown = Reflect.get(service, method.localName);
    const callable =
      method.methodKind === "unary"
        ? callUnary(method, implementation as Unary)
        : callStreaming(method, implementation as Streaming);
    return [method.localName, callable] as const;
  });
  return Object.fromEntries(methods) as unknown as Client<Desc>;
}

function callUnary(method: DescMethod, implementation: Unary) {
  return async (request: Init, options?: CallOptions) => {
    try {
      const answer = await implementation(create(method.input, request), callOf(options));
      return create(method.output, answer);
    } catch (error) {
      throw toConnectError(error);
    }
  };
}

function callStreaming(method: DescMethod, implementation: Streaming) {
  return async function* (requests: AsyncIterable<Init>, options?: CallOptions) {
    try {
      for await (const answer of implementation(messages(method, requests), callOf(options))) {
        yield create(method.output, answer);
      }
    } catch (error) {
      throw toConnectError(error);
    }
  };
}

async function* messages(method: DescMethod, requests: AsyncIterable<Init>) {
  for await (const request of requests) yield create(method.input, request);
}

function callOf(options: CallOptions | undefined): Call {
  // One for each call: what waits on a signal stays attached to it for as long as it lives.
  return { signal: options?.signal ?? new AbortController().signal };
}
