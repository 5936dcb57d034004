import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { type ContextValues, createContextKey } from "@connectrpc/connect";
import { LOCAL, type Principal, errorCodeOf } from "@kagzi/core";
import type { Env } from "../engine/env.ts";
import type { KeyRing } from "../engine/key-ring.ts";
import type { Call } from "../rpc/service.ts";
import { type Confine, confinerOf } from "./confine.ts";

/** Who makes a call over the network. Set by the door; nobody comes in without. */
export const PRINCIPAL = createContextKey<Principal | undefined>(undefined);

/** What the network tells of a call. */
interface Context {
  readonly signal: AbortSignal;
  readonly values: ContextValues;
}

/** What a guard judges by. */
export interface GuardOptions {
  readonly keyRing: KeyRing;
  readonly env: Env;
}

/** How often it is asked whether the key of a call that is held is still good. */
const ASK_AGAIN_MS = 2000;
/** Calls with one answer that are held until there is something to say. */
const HELD = new Set(["PollTask", "WaitWorkflow"]);

type Unary = (request: object, call: Call) => Promise<unknown>;
type Stream = (requests: unknown, call: Call) => AsyncIterable<unknown>;

/**
 * A service as the network calls it: each call is kept within the namespace of its key, and one that lasts ends when the
 * key is not good any more.
 */
export function guarded(service: DescService, implementation: object, options: GuardOptions): object {
  const methods = service.methods.map((method) => {
    const call: unknown = Reflect.get(implementation, method.localName);
    const guard =
      method.methodKind === "unary"
        ? guardUnary(method, call as Unary, options)
        : guardStream(method, call as Stream, options);
    return [method.localName, guard] as const;
  });
  return Object.fromEntries(methods);
}

function guardUnary(method: DescMethod, call: Unary, options: GuardOptions) {
  const confine = confinerOf(method.input);
  return async (request: object, context: Context) => {
    const principal = principalOf(context);
    if (principal.namespaceId !== undefined) confine(request, principal.namespaceId);
    if (!HELD.has(method.name)) return call(request, new GuardedCall(context, principal));
    const watch = new Watch(principal, context.signal, options);
    try {
      const answer = await call(request, { principal, signal: watch.signal });
      watch.check();
      return answer;
    } finally {
      watch.stop();
    }
  };
}

function guardStream(method: DescMethod, call: Stream, options: GuardOptions) {
  const confine = confinerOf(method.input);
  return async function* (requests: unknown, context: Context) {
    const principal = principalOf(context);
    const watch = new Watch(principal, context.signal, options);
    try {
      const confined = method.methodKind === "server_streaming" ? requests : each(requests, principal, confine);
      yield* call(confined, { principal, signal: watch.signal });
      watch.check();
    } finally {
      watch.stop();
    }
  };
}

async function* each(requests: unknown, { namespaceId }: Principal, confine: Confine): AsyncIterable<object> {
  for await (const request of requests as AsyncIterable<object>) {
    if (namespaceId !== undefined) confine(request, namespaceId);
    yield request;
  }
}

function principalOf({ values }: Context): Principal {
  const principal = values.get(PRINCIPAL);
  if (principal === undefined) throw new Error("a call came past the door");
  return principal;
}

/** A call with its signal made when it is asked for: most do not ask. */
class GuardedCall implements Call {
  readonly principal: Principal;
  readonly #context: Context;

  constructor(context: Context, principal: Principal) {
    this.#context = context;
    this.principal = principal;
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }
}

/** Looks every so often whether the key of a call is still good. */
class Watch {
  readonly signal: AbortSignal;
  readonly #principal: Principal;
  readonly #options: GuardOptions;
  readonly #over = new AbortController();
  #cancelTimer: (() => void) | undefined;
  #stopped = false;
  #refusal: unknown;

  constructor(principal: Principal, signal: AbortSignal, options: GuardOptions) {
    this.#principal = principal;
    this.#options = options;
    const hasKey = principal.actor !== LOCAL.actor;
    this.signal = hasKey ? AbortSignal.any([signal, this.#over.signal]) : signal;
    if (hasKey) this.#later();
  }

  /** @throws KagziError `UNAUTHORIZED` if the call was ended because of its key */
  check(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
  }

  #later(): void {
    if (!this.#stopped) this.#cancelTimer = this.#options.env.setTimer(ASK_AGAIN_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    try {
      await this.#options.keyRing.stillGood(this.#principal.actor);
    } catch (error) {
      // While the store does not answer nobody is judged.
      if (errorCodeOf(error) === "UNAUTHORIZED") {
        this.#refusal = error;
        return this.#over.abort();
      }
    }
    this.#later();
  }
}
