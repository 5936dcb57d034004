import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { toConnectError } from "@kagzi/server";
import { describeMessage } from "./describe.ts";
import type { Host, Init, Network, Target } from "./network.ts";
import { Pipe } from "./pipe.ts";
import type { Life } from "./world.ts";

export type Streaming = (
  requests: AsyncIterable<unknown>,
  call: { readonly signal: AbortSignal },
) => AsyncIterable<Init>;

/** A stream between a worker and a server, as over TCP: what comes comes in order, and when it breaks each side notices for itself. */
export class SimulatedStream {
  readonly caller: Life;
  readonly host: Host;
  readonly #network: Network;
  readonly #target: Target;
  readonly #up = new Pipe<unknown>();
  readonly #down = new Pipe<unknown>();
  readonly #gone = new AbortController();
  #lastUp = 0;
  #lastDown = 0;
  #isOver = false;
  /** The life of the server that the stream has reached. */
  #server: Life | undefined;
  readonly #forget: (() => void)[] = [];

  constructor(network: Network, caller: Life, target: Target) {
    this.#network = network;
    this.#target = target;
    this.caller = caller;
    this.host = network.pickHost();
  }

  /** What the server says. */
  async *open(requests: AsyncIterable<Init>, signal: AbortSignal | undefined): AsyncGenerator {
    const { streams } = this.#network;
    streams.add(this);
    const abort = () => {
      this.#down.end(new ConnectError("the stream was given up", Code.Canceled));
      this.#serverNotices(this.#network.latency());
    };
    if (signal?.aborted === true) abort();
    const deafen = this.#network.onAbort(signal, abort);
    this.#forget.push(this.caller.process.onLoss(() => this.break()));
    this.#forget.push(this.host.process.onLoss(() => this.break()));
    void this.#pumpUp(requests);
    try {
      yield* this.#down;
    } finally {
      deafen();
      this.#close();
    }
  }

  /** The connection is lost, and what was on its way with it. Each side notices in its own time. */
  break(): void {
    if (this.#isOver) return;
    this.#close();
    this.caller.in(this.#network.noticed(), "stream lost", () =>
      this.#down.end(new ConnectError("the connection was lost", Code.Unavailable)),
    );
    this.#serverNotices(this.#network.noticed());
  }

  #close(): void {
    this.#isOver = true;
    this.#network.streams.delete(this);
    for (const forget of this.#forget.splice(0)) forget();
  }

  #serverNotices(ms: number): void {
    const life = this.#server;
    if (life === undefined) return;
    life.in(ms, "stream lost", () => {
      this.#up.end(new ConnectError("the worker is gone", Code.Canceled));
      this.#gone.abort();
    });
  }

  async #pumpUp(requests: AsyncIterable<Init>): Promise<void> {
    for await (const request of requests) {
      const { faults } = this.#network;
      if (faults.happens("worker killed at a message")) return this.caller.process.lose();
      if (faults.happens("stream reset at a message")) return this.break();
      const message = create(this.#target.method.input, request);
      this.#sendUp(describeMessage(message), () => this.#up.push(message));
    }
    this.#sendUp("end", () => this.#up.end());
  }

  #sendUp(what: string, arrive: () => void): void {
    if (this.#isOver || !this.caller.isOn) return;
    const refused = () => this.break();
    this.#lastUp = this.#arrival(this.#lastUp);
    this.host.process.reach(
      this.#lastUp,
      `stream of ${this.caller.process.name}: ${what}`,
      () => {
        if (this.#isOver) return;
        if (this.#server === undefined && !this.#serve()) return this.break();
        arrive();
      },
      refused,
    );
  }

  /** After what was sent before, and after the link is whole again. */
  #arrival(last: number): number {
    const { world } = this.#network;
    const clear = Math.max(world.now, this.#network.cutUntil(this.caller.process, this.host.process));
    return Math.max(last + 0.001, clear + this.#network.latency());
  }

  #serve(): boolean {
    const { process, services } = this.host;
    if (services === undefined) return false;
    const life = process.present();
    this.#server = life;
    const { method, service } = this.#target;
    const handler = Reflect.get(services[service], method.localName) as Streaming;
    void this.#pumpDown(life, handler(this.#up, { signal: this.#gone.signal }));
    return true;
  }

  async #pumpDown(life: Life, answers: AsyncIterable<Init>): Promise<void> {
    const { chance, faults } = this.#network;
    const isSlow = faults.happens("slow reader of a stream");
    try {
      for await (const answer of answers) {
        const message = create(this.#target.method.output, answer);
        this.#sendDown(describeMessage(message), () => this.#down.push(message));
        if (faults.happens("stream reset at a message")) return this.break();
        if (!isSlow || faults.areOver) continue;
        await new Promise<void>((resolve) => life.in(chance.between(1, 400), "room on the stream", resolve));
      }
      this.#sendDown("end", () => this.#down.end());
    } catch (error) {
      const failure = toConnectError(error);
      this.#sendDown(`failed: ${failure.rawMessage}`, () => this.#down.end(failure));
    }
  }

  #sendDown(what: string, arrive: () => void): void {
    if (this.#isOver || this.#server?.isOn !== true) return;
    this.#lastDown = this.#arrival(this.#lastDown);
    this.caller.process.reach(this.#lastDown, `stream of ${this.host.process.name}: ${what}`, () => {
      if (!this.#isOver) arrive();
    });
  }
}
