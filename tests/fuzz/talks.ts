import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants } from "node:http2";
import { type Socket, connect } from "node:net";
import type { DescMethod } from "@bufbuild/protobuf";
import type { Chance } from "./chance.ts";

// What somebody can do to a port who means no good, or whose software is broken. Each talk ends by itself and leaves
// nothing behind on this side.

/** Where the server listens. */
export interface Port {
  readonly port: number;
  readonly methods: readonly DescMethod[];
  /** The bytes of a call of a method, as anybody could make it. */
  readonly message: (method: DescMethod, chance: Chance) => Uint8Array;
}

/** One talk. Answers with how many messages it sent. */
export type Talk = (at: Port, chance: Chance) => Promise<number>;

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** A talk is left after so long; what a server has then not said it need not say. */
const PATIENCE_MS = 300;

/** Every way of talking, by its name. */
export const TALKS: Readonly<Record<string, Talk>> = {
  "bytes that are no HTTP": async ({ port }, chance) => rawly(port, [chance.bytes(chance.below(400))]),
  "a preface that breaks off": async ({ port }, chance) =>
    rawly(port, [PREFACE.subarray(0, chance.below(PREFACE.length))]),
  "garbage after the preface": async ({ port }, chance) => rawly(port, [PREFACE, chance.bytes(20 + chance.below(200))]),
  "frames that are none": async ({ port }, chance) =>
    rawly(port, [PREFACE, SETTINGS, ...Array.from({ length: 20 }, () => anyFrame(chance))]),
  "a frame that breaks off": async ({ port }, chance) => {
    const request = frame({ type: 1, flags: 4, stream: 1, body: chance.bytes(40) });
    return rawly(port, [PREFACE, SETTINGS, request.subarray(0, 9 + chance.below(30))]);
  },
  "settings and pings without end": async ({ port }, chance) =>
    rawly(port, [
      PREFACE,
      ...Array.from({ length: 200 }, () =>
        chance.oneIn(2) ? SETTINGS : frame({ type: 6, flags: 0, stream: 0, body: chance.bytes(8) }),
      ),
    ]),
  "continuations without end": async ({ port }, chance) => {
    const headers = frame({ type: 1, flags: 0, stream: 1, body: Buffer.alloc(0) });
    const more = Array.from({ length: 100 }, () => frame({ type: 9, flags: 0, stream: 1, body: chance.bytes(200) }));
    return rawly(port, [PREFACE, SETTINGS, headers, ...more]);
  },
  "a window that is none": async ({ port }) =>
    rawly(port, [
      PREFACE,
      SETTINGS,
      ...Array.from({ length: 4 }, () => frame({ type: 8, flags: 0, stream: 0, body: Buffer.of(0x7f, 255, 255, 255) })),
    ]),
  "HTTP/1.1 that is none": async ({ port }, chance) => rawly(port, [Buffer.from(chance.one(NO_HTTP1))]),
  "HTTP/1.1 that breaks off": async ({ port, ...at }, chance) => {
    const whole = http1Call(at.message(chance.one(at.methods), chance), pathOf(chance.one(at.methods)));
    return rawly(port, [whole.subarray(0, chance.below(whole.length))]);
  },
  "HTTP/1.1 with headers without end": async ({ port }, chance) => {
    const names = Array.from(
      { length: chance.one([50, 3000]) },
      (_, n) => `x-${n}: ${"v".repeat(chance.below(300))}\r\n`,
    );
    return rawly(port, [Buffer.from(`POST / HTTP/1.1\r\nhost: a\r\n${names.join("")}\r\n`)]);
  },
  "HTTP/1.1 calls one after the other on one socket": async ({ port, ...at }, chance) => {
    const calls = Array.from({ length: 30 }, () => {
      const method = chance.one(at.methods);
      return http1Call(at.message(method, chance), pathOf(method));
    });
    return rawly(port, calls);
  },
  "half of a socket": async ({ port, ...at }, chance) => {
    const method = chance.one(at.methods);
    return rawly(port, [http1Call(at.message(method, chance), pathOf(method))], { end: true });
  },
  "calls in every protocol": (at, chance) =>
    http2ly(at.port, chance, async (session) => {
      const all = Array.from({ length: 40 }, () => callOnce(session, at, chance));
      await Promise.all(all);
      return all.length;
    }),
  "a flood of streams that are reset": (at, chance) =>
    http2ly(at.port, chance, async (session) => {
      for (let count = 0; count < 200 && !session.destroyed; count++) {
        const stream = open(session, chance.one(at.methods), "application/grpc");
        stream.end(Buffer.from(at.message(chance.one(at.methods), chance)));
        stream.close(
          chance.one([constants.NGHTTP2_CANCEL, constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_INTERNAL_ERROR]),
        );
      }
      return 200;
    }),
  "a thousand streams at once that say nothing": (at, chance) =>
    http2ly(at.port, chance, async (session) => {
      for (let count = 0; count < 1000 && !session.destroyed; count++)
        open(session, chance.one(at.methods), "application/grpc");
      await pause(20);
      return 1000;
    }),
  "answers that nobody reads": (at, chance) =>
    http2ly(at.port, chance, async (session) => {
      for (let count = 0; count < 30 && !session.destroyed; count++) {
        const method = chance.one(at.methods);
        const stream = open(session, method, "application/proto");
        stream.pause();
        stream.end(Buffer.from(at.message(method, chance)));
      }
      await pause(100);
      return 30;
    }),
  "a session that is broken off in the middle": (at, chance) =>
    http2ly(at.port, chance, async (session) => {
      const calls = Array.from({ length: 20 }, () => callOnce(session, at, chance));
      session.destroy();
      await Promise.all(calls);
      return 20;
    }),
  "headers that are no headers of a call": (at, chance) =>
    http2ly(at.port, chance, async (session) => {
      const calls = Array.from({ length: 20 }, async () => {
        const method = chance.one(at.methods);
        const odd = {
          [chance.one(ODD_HEADERS)]: chance.one(ODD_VALUES),
          [chance.one(ODD_HEADERS)]: chance.one(ODD_VALUES),
        };
        await answered(open(session, method, chance.one(TYPES), odd), at.message(method, chance));
      });
      await Promise.all(calls);
      return 20;
    }),
};

const TYPES = [
  "application/grpc",
  "application/grpc+proto",
  "application/grpc-web+proto",
  "application/grpc-web-text",
  "application/proto",
  "application/json",
  "application/connect+proto",
  "application/connect+json",
  "text/plain",
  "",
];
const ODD_HEADERS = [
  "grpc-timeout",
  "connect-timeout-ms",
  "grpc-encoding",
  "content-encoding",
  "accept-encoding",
  "connect-protocol-version",
  "content-length",
  "x-a-bin",
  "grpc-accept-encoding",
];
const ODD_VALUES = [
  "",
  "0",
  "-1",
  "1n",
  "99999999999H",
  "NaN",
  "gzip",
  "br",
  "identity",
  "zstd",
  "x".repeat(20_000),
  "%00",
  "1S",
  "5m",
  "trailers",
];
const NO_HTTP1 = [
  "GET\r\n\r\n",
  "GET / HTTP/9.9\r\n\r\n",
  "POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
  "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
  "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
  "POST /%zz%00 HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n",
  `GET /${"a".repeat(100_000)} HTTP/1.1\r\n\r\n`,
  "CONNECT example.com:80 HTTP/1.1\r\nhost: a\r\n\r\n",
  "GET / HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
  "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
  "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 10\r\n\r\n",
  "HEAD /healthz HTTP/1.0\r\n\r\n",
  "\r\n\r\n\r\n",
  "PRI * HTTP/1.1\r\n\r\n",
];

/** Writes this to a socket of its own and waits until it is closed, or for a while. */
function rawly(port: number, parts: readonly Uint8Array[], how: { readonly end?: boolean } = {}): Promise<number> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const leave = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(parts.length);
    };
    const timer = setTimeout(leave, PATIENCE_MS);
    socket.on("error", leave);
    socket.once("close", leave);
    socket.once("end", leave);
    socket.resume();
    socket.once("connect", () => {
      for (const part of parts) socket.write(part);
      if (how.end === true) socket.end();
    });
  });
}

async function http2ly(
  port: number,
  chance: Chance,
  talk: (session: ClientHttp2Session) => Promise<number>,
): Promise<number> {
  const settings = chance.oneIn(3) ? { initialWindowSize: chance.one([0, 1, 65_535]), headerTableSize: 0 } : {};
  const session = connectHttp2(`http://127.0.0.1:${port}`, { settings });
  session.on("error", () => {});
  const connected = new Promise<void>((resolve) => {
    session.once("connect", () => resolve());
    session.once("close", () => resolve());
  });
  await connected;
  try {
    return await talk(session);
  } catch (error) {
    // The server has had enough of this session, as it may.
    if (String(Reflect.get(Object(error), "code")).startsWith("ERR_HTTP2_")) return 1;
    throw error;
  } finally {
    session.destroy();
  }
}

function open(
  session: ClientHttp2Session,
  method: DescMethod,
  type: string,
  more: Readonly<Record<string, string>> = {},
): ClientHttp2Stream {
  const path = pathOf(method);
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    ...(type !== "" && { "content-type": type }),
    te: "trailers",
    ...more,
  });
  stream.on("error", () => {});
  return stream;
}

/** A call in any protocol, with a message that may be right or not, whole or not. */
async function callOnce(session: ClientHttp2Session, at: Port, chance: Chance): Promise<void> {
  if (session.destroyed) return;
  const method = chance.one(at.methods);
  const type = chance.one(TYPES);
  const bytes = at.message(method, chance);
  const body = isFramed(type) ? envelope(bytes, chance) : bytes;
  const cut = chance.oneIn(6) ? body.subarray(0, chance.below(body.length + 1)) : body;
  await answered(open(session, method, type), type === "application/json" && chance.oneIn(2) ? Buffer.from("{}") : cut);
}

function isFramed(type: string): boolean {
  return type.startsWith("application/grpc") || type.startsWith("application/connect+");
}

/** Flags, and a length that may not be so. */
function envelope(bytes: Uint8Array, chance: Chance): Uint8Array {
  const head = Buffer.alloc(5);
  head.writeUInt8(chance.oneIn(10) ? chance.below(256) : 0, 0);
  head.writeUInt32BE(chance.oneIn(10) ? chance.one([0, 1, 2 ** 31, 2 ** 32 - 1]) : bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function answered(stream: ClientHttp2Stream, body: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), PATIENCE_MS);
    stream.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
    stream.resume();
    stream.end(body);
  });
}

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly body: Uint8Array;
  /** What it says that it has. */
  readonly length?: number;
}

function frame({ body, flags, length = body.length, stream, type }: Frame): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

const SETTINGS = frame({ type: 4, flags: 0, stream: 0, body: Buffer.alloc(0) });

function anyFrame(chance: Chance): Buffer {
  const body = chance.bytes(chance.below(64));
  const length = chance.oneIn(5) ? chance.one([0, 1, 16_384, 16_385, 2 ** 24 - 1]) : body.length;
  return frame({
    type: chance.below(12),
    flags: chance.below(256),
    stream: chance.one([0, 1, 2, 3, 2 ** 31 - 1, 2 ** 32 - 1]),
    body,
    length,
  });
}

function http1Call(body: Uint8Array, path: string): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/proto\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
