import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { type Server, type Socket, createServer } from "node:net";
import { createInterface } from "node:readline";

/** What the ledger is told, as it happens. */
export type LedgerEntry =
  /** A client is about to start a run under this key. */
  | { readonly kind: "start"; readonly key: string }
  /** The engine said that the run is started. */
  | { readonly kind: "ackStart"; readonly key: string; readonly run: string }
  /** The engine said that the event is kept. */
  | { readonly kind: "ackSend"; readonly run: string; readonly event: string }
  /** The function of a step begins; `saw` is what the steps before it gave to it. */
  | {
      readonly kind: "exec";
      readonly run: string;
      readonly step: string;
      readonly attempt: number;
      readonly nonce: string;
      readonly saw: readonly string[];
      readonly by: string;
    }
  /** The function of a step is about to return this nonce. */
  | { readonly kind: "ret"; readonly run: string; readonly step: string; readonly nonce: string; readonly by: string }
  /** A client was given the result of a run. */
  | { readonly kind: "ackResult"; readonly run: string; readonly output: string }
  /** The function of a step begins that takes a place of each of these limits; `id` is of this execution. */
  | {
      readonly kind: "hold";
      readonly id: string;
      readonly run: string;
      readonly step: string;
      readonly limits: readonly string[];
      readonly pid: number;
    }
  /** That function is about to return. */
  | { readonly kind: "free"; readonly id: string }
  /** This process was killed, and is no more. */
  | { readonly kind: "gone"; readonly pid: number }
  /** Something was broken on purpose. */
  | { readonly kind: "fault"; readonly what: string };

/** An entry with its place in the order of all of them and its time in milliseconds. */
export type Logged<Entry> = Entry & { readonly seq: number; readonly at: number };
export type LedgerLine = Logged<LedgerEntry>;

/**
 * A record of what happened outside of the engine, kept by a process that no test kills: an append-only file, synced
 * before anyone is told that a line is in it. Programs write to it over a Unix socket.
 */
export class Ledger<Entry extends { readonly kind: string } = LedgerEntry> {
  readonly lines: Logged<Entry>[] = [];
  readonly path: string;
  readonly #file: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #watchers: (() => void)[] = [];
  #isHeld: (entry: Entry) => boolean = () => false;
  #held: (() => void)[] = [];
  readonly #unsynced: (() => void)[] = [];

  private constructor(folder: string) {
    this.path = `${folder}/ledger.sock`;
    this.#file = openSync(`${folder}/ledger.jsonl`, "a");
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async open<Entry extends { readonly kind: string } = LedgerEntry>(folder: string): Promise<Ledger<Entry>> {
    const ledger = new Ledger<Entry>(folder);
    await new Promise<void>((resolve) => ledger.#server.listen(ledger.path, resolve));
    return ledger;
  }

  append(entry: Entry): void {
    const line = { ...entry, seq: this.lines.length + 1, at: performance.now() };
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
    this.lines.push(line);
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const watcher of watchers) watcher();
  }

  count(kind: Entry["kind"]): number {
    return this.lines.filter((line) => line.kind === kind).length;
  }

  /** Waits until what is written makes `isSo` true. */
  async until(isSo: (ledger: this) => boolean): Promise<void> {
    while (!isSo(this)) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  /** Keeps those who write such entries waiting, until `release`. */
  hold(isHeld: (entry: Entry) => boolean): void {
    this.#isHeld = isHeld;
  }

  release(): void {
    this.#isHeld = () => false;
    for (const answer of this.#held.splice(0)) answer();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    closeSync(this.#file);
    rmSync(this.path, { force: true });
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    const reader = createInterface({ input: socket });
    // Programs that are killed break their connections.
    for (const each of [socket, reader]) each.on("error", () => {});
    reader.on("line", (text) => {
      const { id, entry } = JSON.parse(text) as { id: number; entry: Entry };
      this.append(entry);
      const answer = () => socket.writable && socket.write(`${id}\n`);
      if (this.#isHeld(entry)) this.#held.push(answer);
      else this.#afterSync(answer);
    });
  }

  /** One sync for all that came together. */
  #afterSync(answer: () => void): void {
    if (this.#unsynced.push(answer) > 1) return;
    setImmediate(() => {
      fsyncSync(this.#file);
      for (const each of this.#unsynced.splice(0)) each();
    });
  }
}
