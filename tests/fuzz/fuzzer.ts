import { inspect } from "node:util";
import { type DescMethod, type Message, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Chance } from "./chance.ts";
import { type Verdict, judgeAnswer, judgeError } from "./laws.ts";
import { makeMessage } from "./messages.ts";
import { mutate, nested } from "./mutations.ts";
import { Watch } from "./watch.ts";
import type { World } from "./world.ts";

/** A law that was broken, and by what. */
export interface Finding {
  readonly method: string;
  /** The message: its bytes, or, of one that never was bytes, what it looks like. */
  readonly message: string;
  readonly law: string;
}

/** How often each method was called, and what came of it. */
export type Tally = Map<string, Map<string, number>>;

interface Callable {
  readonly desc: DescMethod;
  readonly call: (request: never, about: { readonly signal: AbortSignal }) => unknown;
}

/** Calls under way at once: enough for them to meet in one commit, and in one gate. */
const AT_ONCE = 24;
/** Answers of one stream. */
const ANSWERS = 20;
/** Messages are kept to put parts of them into others. */
const KEPT_MESSAGES = 200;
const MOST_FINDINGS = 10;
/** How often there is something new to talk about. */
const STIR_EVERY = 100;

/** Makes calls of every method, one message after the other, until there were enough or too much was found. */
export class Fuzzer {
  readonly findings: Finding[] = [];
  readonly tally: Tally = new Map();
  readonly #world: World;
  readonly #chance: Chance;
  readonly #methods: readonly Callable[];
  readonly #kept: Uint8Array[] = [];
  readonly #watch: Watch;
  #left = 0;

  constructor(world: World, seed: number) {
    this.#world = world;
    this.#chance = new Chance(seed);
    this.#watch = new Watch((message) => this.#find({ method: "any", message: "", law: message }));
    this.#methods = world.services.flatMap(({ desc, implementation }) =>
      desc.methods.map((method) => {
        const call: unknown = Reflect.get(implementation, method.localName);
        if (typeof call !== "function") throw new Error(`nobody serves ${nameOf(method)}`);
        return { desc: method, call: call as Callable["call"] };
      }),
    );
  }

  get methods(): readonly string[] {
    return this.#methods.map(({ desc }) => nameOf(desc));
  }

  async run(messages: number): Promise<void> {
    this.#left = messages;
    this.#watch.begin();
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#lane()));
    this.#watch.end();
  }

  async #lane(): Promise<void> {
    while (this.#left > 0 && this.findings.length < MOST_FINDINGS) {
      this.#left -= 1;
      if (this.#left % STIR_EVERY === 0) await this.#world.stir().catch((error: unknown) => this.#onStirred(error));
      const callable = this.#chance.one(this.#methods);
      if (callable.desc.methodKind === "unary") await this.#callOnce(callable);
      else await this.#stream(callable);
      // What a call left to the event loop has its turn as well.
      if (this.#chance.oneIn(8)) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Others have something to say in the meantime: what is meant well may be refused as well. */
  #onStirred(error: unknown): void {
    const verdict = judgeError(error);
    if (verdict.was === "broken") this.#find({ method: "a call that is right", message: "", law: verdict.law });
  }

  async #callOnce({ call, desc }: Callable): Promise<void> {
    const made = this.#make(desc);
    if (made === undefined) return;
    const verdict = await this.#watch.over(nameOf(desc), async (signal) => {
      try {
        return judgeAnswer(desc.output, (await call(made.message as never, { signal })) as object);
      } catch (error) {
        return judgeError(error);
      }
    });
    if (verdict.was === "answered") this.#world.pools.learnLease(made.message, verdict.answer);
    this.#note(desc, verdict, made.shown);
  }

  /** Messages up, answers down, until it ends or is cut off. */
  async #stream({ call, desc }: Callable): Promise<void> {
    const shown: string[] = [];
    const verdict = await this.#watch.over(nameOf(desc), async (signal): Promise<Verdict> => {
      let last: Verdict = { was: "refused", code: "nothing" };
      try {
        const requests = this.#requests(desc, signal, shown);
        let answers = 0;
        for await (const answer of call(requests as never, { signal }) as AsyncIterable<object>) {
          last = judgeAnswer(desc.output, answer);
          if (last.was !== "answered" || ++answers >= ANSWERS) break;
          this.#world.pools.learn(desc.output, last.answer);
        }
        return last;
      } catch (error) {
        return judgeError(error);
      }
    });
    this.#note(desc, verdict, () => shown.join(" then "));
  }

  async *#requests(desc: DescMethod, signal: AbortSignal, shown: string[]): AsyncGenerator<Message> {
    for (let count = 1 + this.#chance.below(4); count > 0 && !signal.aborted; count--) {
      const made = this.#make(desc);
      if (made === undefined) continue;
      this.#left -= 1;
      shown.push(made.shown());
      // Only the first message of a stream says hello, but for those that do not know that.
      if (shown.length > 1 && !this.#chance.oneIn(10)) Reflect.deleteProperty(made.message, "hello");
      yield made.message;
      // So that there is something to answer to.
      await new Promise((resolve) => setTimeout(resolve, this.#chance.below(5)));
    }
  }

  /** A message, or `undefined` for bytes that are none. */
  #make(desc: DescMethod): { readonly message: Message; readonly shown: () => string } | undefined {
    const chance = this.#chance;
    const inProcess = chance.oneIn(6);
    const edgeIn = chance.one([6, 30, 1_000_000, 1_000_000]);
    const message = makeMessage(desc.input, { chance, pools: this.#world.pools, edgeIn });
    if (inProcess)
      return { message, shown: () => inspect(message, { depth: 9, breakLength: Infinity, maxStringLength: 300 }) };
    const valid = toBinary(desc.input, message);
    const bytes = chance.oneIn(4) ? valid : this.#mutated(valid);
    this.#kept[chance.below(KEPT_MESSAGES)] = bytes;
    try {
      return { message: fromBinary(desc.input, bytes), shown: () => hexOf(bytes) };
    } catch (error) {
      // The server answers to these before anything else sees them.
      this.#note(
        desc,
        error instanceof Error ? { was: "refused", code: "unreadable" } : { was: "broken", law: String(error) },
        () => hexOf(bytes),
      );
      return undefined;
    }
  }

  #mutated(bytes: Uint8Array): Uint8Array {
    const chance = this.#chance;
    if (chance.oneIn(12)) return chance.bytes(chance.below(80));
    if (chance.oneIn(60)) return nested(1 + chance.below(12), chance.one([10, 99, 101, 5000]));
    return mutate(
      bytes,
      this.#kept.filter((each) => each.length < 4096),
      chance,
    );
  }

  #note(desc: DescMethod, verdict: Verdict, shown: () => string): void {
    const counts = this.tally.get(nameOf(desc)) ?? new Map<string, number>();
    this.tally.set(nameOf(desc), counts);
    const what = verdict.was === "refused" ? verdict.code : verdict.was;
    counts.set(what, (counts.get(what) ?? 0) + 1);
    if (verdict.was === "answered" && this.#chance.oneIn(4)) this.#world.pools.learn(desc.output, verdict.answer);
    if (verdict.was === "broken") this.#find({ method: nameOf(desc), message: shown(), law: verdict.law });
  }

  #find(finding: Finding): void {
    const isKnown = this.findings.some(
      ({ law, method }) => method === finding.method && law.slice(0, 60) === finding.law.slice(0, 60),
    );
    if (!isKnown) this.findings.push(finding);
  }
}

export function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 4096)).toString("hex");
}
