import { type Socket, connect } from "node:net";
import { createInterface } from "node:readline";
import type { LedgerEntry } from "./ledger.ts";

/** Writes to the ledger from another process. */
export class LedgerClient<Entry = LedgerEntry> {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, () => void>();
  #count = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on("line", (id) => {
      this.#waiting.get(Number(id))?.();
      this.#waiting.delete(Number(id));
    });
    // Without its ledger a program has nothing more to do.
    socket.on("close", () => process.exit(0));
    socket.on("error", () => process.exit(0));
  }

  static async open<Entry = LedgerEntry>(path: string): Promise<LedgerClient<Entry>> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new LedgerClient<Entry>(socket);
  }

  /** Resolves when the entry is in the ledger for good. */
  append(entry: Entry): Promise<void> {
    const id = ++this.#count;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.write(`${JSON.stringify({ id, entry })}\n`);
    });
  }
}
