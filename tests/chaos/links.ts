import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Program } from "@kagzi/test-support";
import type { Trouble } from "./link.ts";
import type { ProxyAnswer, ProxyRequest } from "./proxy.ts";

/** A link, as those who trouble it have it. */
export interface RemoteLink {
  readonly name: string;
  readonly port: number;
  /** Resolves when it is well again. */
  trouble(what: Trouble, ms: number): Promise<void>;
}

/** The proxy process, with its links. */
export class Links {
  readonly #program: Program;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: ProxyAnswer) => void>();
  #requests = 0;
  #count = 0;

  private constructor(program: Program, child: ChildProcess) {
    this.#program = program;
    this.#child = child;
    child.on("message", (answer: ProxyAnswer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  static async start(): Promise<Links> {
    const program = new Program({ path: fileURLToPath(new URL("proxy.js", import.meta.url)) });
    const child = program.spawn();
    await new Promise((resolve) => child.once("message", resolve));
    return new Links(program, child);
  }

  /** Opens a link to ports of this computer: its connections lead to them in turn. */
  async open(name: string, targets: readonly number[]): Promise<RemoteLink> {
    const { port = 0 } = await this.#ask((id) => ({ id, open: targets }));
    const link = this.#count++;
    const trouble = async (what: Trouble, ms: number) => {
      await this.#ask((id) => ({ id, link, trouble: what, ms }));
    };
    return { name, port, trouble };
  }

  close(): Promise<void> {
    return this.#program.kill();
  }

  #ask(request: (id: number) => ProxyRequest): Promise<ProxyAnswer> {
    const id = ++this.#requests;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.send(request(id));
    });
  }
}
