import { type AddressInfo, type Socket, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { connect } from "./connection.ts";
import { fromConnectError } from "./error-detail.ts";

const RUN = { runId: "0190a1b2-0000-7000-8000-000000000000" };

describe("an address where something else answers", () => {
  it.each(["HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", "220 mail.example.com ESMTP\r\n", "\0\0"])(
    "is said to be one, and the connection can be closed at once: %j",
    async (answer) => {
      const sockets = new Set<Socket>();
      const other = createServer((socket) => {
        socket.on("error", () => {});
        sockets.add(socket);
        socket.end(answer);
      });
      await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
      const { port } = other.address() as AddressInfo;
      for (let round = 0; round < 5; round++) {
        const connection = connect({ url: `http://127.0.0.1:${port}` });
        const error = await connection.workflows.getWorkflow(RUN).catch((each: unknown) => each);
        // In the same turn: what comes after it must not end the process.
        void connection.close();
        expect(fromConnectError(error)).toMatchObject({
          code: "UNAVAILABLE",
          message: expect.stringContaining("is a Kagzi server running there?"),
        });
      }
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => other.close(resolve));
    },
  );
});
