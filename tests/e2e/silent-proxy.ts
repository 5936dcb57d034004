import { type Server, type Socket, connect, createServer } from "node:net";

/** A way to a server that can fall silent: what is open stays open, and nothing comes through any more. */
export class SilentProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isSilent = (_socket: Socket) => false;

  constructor(port: number) {
    this.#server = createServer((socket) => {
      const onward = connect(port, "127.0.0.1");
      for (const [from, to] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        this.#sockets.add(from);
        from.on("data", (chunk) => {
          if (!this.#isSilent(from) && to.writable) to.write(chunk);
        });
        from.on("error", () => {});
        from.on("close", () => to.destroy());
      }
    });
  }

  /** Answers with the port that it listens on. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return address.port;
  }

  /** From now on, on every connection that there is. Those that are made later are as good as ever. */
  fallSilent(): void {
    const silent = new Set(this.#sockets);
    this.#isSilent = (socket) => silent.has(socket);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
