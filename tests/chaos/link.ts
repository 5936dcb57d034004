import { type Socket, connect, createServer } from "node:net";

/** What may become of a link, for so many milliseconds. */
export type Trouble =
  /** Its connections are reset. */
  | "cut"
  /** They are reset, and for a while others are too. */
  | "down"
  /** For a while nothing gets through; then all of it does. */
  | "stall"
  /** For a while nothing comes back; then they are reset: what was asked is done, and nobody hears so. */
  | "mute";

export const TROUBLES: readonly Trouble[] = ["cut", "down", "stall", "mute"];

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

/** A port that leads to others, in turn, until it is troubled. */
export class Link {
  readonly port: number;
  readonly #targets: readonly number[];
  readonly #pairs = new Set<Pair>();
  readonly #close: () => void;
  #isDown = false;
  #turn = 0;

  private constructor(port: number, targets: readonly number[], close: () => void) {
    this.port = port;
    this.#targets = targets;
    this.#close = close;
  }

  static async open(targets: readonly number[]): Promise<Link> {
    let link: Link | undefined;
    const server = createServer((near) => link?.carry(near));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    link = new Link(address.port, targets, () => server.close());
    return link;
  }

  carry(near: Socket): void {
    near.on("error", () => {});
    if (this.#isDown) return void near.resetAndDestroy();
    const far = connect({ host: "127.0.0.1", port: this.#targets[this.#turn++ % this.#targets.length] ?? 0 });
    const pair = { near, far };
    this.#pairs.add(pair);
    const end = () => {
      this.#pairs.delete(pair);
      near.resetAndDestroy();
      far.resetAndDestroy();
    };
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.setNoDelay(true);
      from.on("error", end);
      from.on("close", end);
      from.pipe(to);
    }
  }

  /** Resolves when the link is well again. */
  async trouble(what: Trouble, ms: number): Promise<void> {
    const pairs = [...this.#pairs];
    if (what === "cut") return reset(pairs);
    if (what === "down") {
      this.#isDown = true;
      reset(pairs);
      await after(ms);
      this.#isDown = false;
    }
    if (what === "stall") {
      for (const { far, near } of pairs) {
        near.unpipe(far);
        far.unpipe(near);
      }
      await after(ms);
      for (const { far, near } of pairs) {
        near.pipe(far);
        far.pipe(near);
      }
    }
    if (what === "mute") {
      for (const { far, near } of pairs) {
        far.unpipe(near);
        far.resume();
      }
      await after(ms);
      reset(pairs);
    }
  }

  close(): void {
    this.#close();
    reset([...this.#pairs]);
  }
}

function reset(pairs: readonly Pair[]): void {
  for (const { far, near } of pairs) for (const each of [near, far]) each.resetAndDestroy();
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
