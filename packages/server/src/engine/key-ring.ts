import { timingSafeEqual } from "node:crypto";
import { type ApiKey, KagziError, type Principal, parseApiKey, principalOf, whyInvalid } from "@kagzi/core";
import { hashOf } from "./api-keys.ts";
import type { EngineContext } from "./engine.ts";
import { Gate } from "./gate.ts";

/** For so long what the store said of a key is believed: a revoked one may be used for so long. */
export const BELIEVED_MS = 3000;
/** Ids that no key has and that are remembered. */
const MOST_UNKNOWN = 10_000;
/** Keys never seen before that are looked up at once: who tries keys that are none keeps nobody else from the store. */
const LOOKUPS_AT_ONCE = 2;
const LOOKUPS_WAITING = 500;

/** What is known of an id of a key. */
interface Known {
  readonly key: ApiKey | undefined;
  readonly why: "revoked" | "expired" | undefined;
  /** By the computer's clock. */
  readonly until: number;
}

/** Tells whose key it is. A key that was looked at a moment ago costs no query. */
export class KeyRing {
  readonly #context: EngineContext;
  /** Of keys that there are. */
  readonly #known = new Map<string, Known>();
  /** Of those that there are not: however many are tried, they take no room from those that there are. */
  readonly #unknown = new Map<string, Known>();
  readonly #lookups = new Map<string, Promise<Known>>();
  readonly #gate: Gate;
  readonly #used = new Set<string>();

  constructor(context: EngineContext) {
    this.#context = context;
    const room = { atOnce: LOOKUPS_AT_ONCE, items: LOOKUPS_WAITING, bytes: Number.POSITIVE_INFINITY };
    this.#gate = new Gate({ env: context.env, ...room });
  }

  /**
   * Who has this key: at once if it was looked at a moment ago.
   * @throws KagziError `UNAUTHORIZED` for what is no key, or is one no more; `UNAVAILABLE`
   */
  verify(text: string): Principal | Promise<Principal> {
    const parts = parseApiKey(text);
    if (parts === undefined) throw unauthorized("what was given is no API key: it begins with kagzi_");
    const presented = hashOf(parts.secret);
    const judge = (known: Known) => {
      // The same words for a wrong id and a wrong secret.
      if (known.key === undefined || !isSame(known.key.hash, presented)) throw unauthorized("the API key is not known");
      return this.#good(known);
    };
    const known = this.#remembered(parts.keyId);
    return known === undefined ? this.#lookUp(parts.keyId).then(judge) : judge(known);
  }

  /** As it is now, of somebody whose key was good before. @throws KagziError `UNAUTHORIZED`, `UNAVAILABLE` */
  async stillGood(keyId: string): Promise<Principal> {
    return this.#good(this.#remembered(keyId) ?? (await this.#lookUp(keyId)));
  }

  /** This server itself has revoked it. */
  forget(keyId: string): void {
    this.#known.delete(keyId);
  }

  /** Writes down which keys were used of late. */
  async writeUsed(): Promise<void> {
    if (this.#used.size === 0) return;
    const used = [...this.#used];
    await this.#context.store.apiKeys.used(used);
    for (const keyId of used) this.#used.delete(keyId);
  }

  #good({ key, why }: Known): Principal {
    if (key === undefined) throw unauthorized("the API key is not known");
    if (why !== undefined) throw unauthorized(`the API key ${key.keyId} is ${why}: ask for another one`);
    this.#used.add(key.keyId);
    return principalOf(key);
  }

  #remembered(keyId: string): Known | undefined {
    const known = this.#known.get(keyId) ?? this.#unknown.get(keyId);
    return known !== undefined && known.until > this.#context.env.now() ? known : undefined;
  }

  #lookUp(keyId: string): Promise<Known> {
    const underWay = this.#lookups.get(keyId);
    if (underWay !== undefined) return underWay;
    const lookup = this.#ask(keyId).finally(() => this.#lookups.delete(keyId));
    this.#lookups.set(keyId, lookup);
    return lookup;
  }

  async #ask(keyId: string): Promise<Known> {
    const { env, store } = this.#context;
    // From before it was asked: what is revoked meanwhile is not believed for longer.
    const until = env.now() + BELIEVED_MS;
    const find = () => store.apiKeys.find(keyId);
    const isThere = this.#known.has(keyId);
    const found = isThere ? await find() : await this.#gate.pass({ items: 1, bytes: 0 }, NEVER, find);
    const known = { key: found?.key, why: found && whyInvalid(found.key, found.now), until };
    if (this.#unknown.size >= MOST_UNKNOWN) this.#unknown.clear();
    (found === undefined ? this.#unknown : this.#known).set(keyId, known);
    return known;
  }
}

/** Others may wait for the same lookup. */
const NEVER = new AbortController().signal;

function isSame(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a, "hex"), Buffer.from(b, "hex"));
}

/** Who calls is not known. */
export function unauthorized(message: string): KagziError {
  return new KagziError("UNAUTHORIZED", message, { subject: "apikey" });
}
