import { type Server as Http1Server, createServer as createHttp1 } from "node:http";
import { type Http2Server, type ServerHttp2Session, createServer as createHttp2 } from "node:http2";
import { type Server, type Socket, createServer as createTcp } from "node:net";
import { type TLSSocket, Server as TlsServer, createServer as createTls } from "node:tls";
import { KagziError } from "@kagzi/core";
import { type Log, silentLog } from "../engine/log.ts";
import { type TlsFiles, TlsRenewal, tlsOptions } from "./tls.ts";
import type { RequestHandler } from "./request-handler.ts";

/** How an HTTP/2 connection begins (RFC 9113, section 3.4). */
const PREFACE = Buffer.from("PRI * HTTP/2.0");
/** A client that has said nothing by then is not one. */
const SILENCE_MS = 10_000;
/** How often a connection without traffic is asked whether it is there, and how long it may take to answer. */
const PING_EVERY_MS = 20_000;
const PING_ANSWER_MS = 10_000;
/** Bytes in flight before the receiver must say that it has taken them. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** Where to listen, and who answers. */
export interface ListenOptions {
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
  readonly handler: RequestHandler;
  /** Without it there is none. */
  readonly tls?: TlsFiles;
  readonly log?: Log;
}

/** A port that is listened on. */
export interface Listener {
  readonly url: string;
  readonly port: number;
  /** Reads the files of TLS anew, for connections to come. */
  renewTls(): void;
  /** Takes no more connections, lets requests come to their end, and cuts off what is left after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/**
 * Serves HTTP/1.1 and HTTP/2 on one port. Over TLS the two sides agree on which it is; without, the first bytes tell.
 * @throws KagziError `PRECONDITION_FAILED` if the port is taken or may not be used, or files of TLS cannot be used
 */
export async function listen({ host, port, handler, log = silentLog, tls }: ListenOptions): Promise<Listener> {
  const http1 = createHttp1({ keepAliveTimeout: 65_000 }, handler);
  const http2 = createHttp2({ settings: { initialWindowSize: WINDOW_BYTES, maxConcurrentStreams: 10_000 } }, handler);
  // It is handed its connections and never listens itself. It watches over them, and their time limits, only after this.
  http1.emit("listening");
  const sessions = trackSessions(http2);
  const sockets = new Set<Socket>();
  const tcp =
    tls === undefined
      ? createTcp({ noDelay: true })
      : createTls({ ...tlsOptions(tls), handshakeTimeout: SILENCE_MS, noDelay: true });
  tcp.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    if (tls === undefined) handOver(socket, http1, http2);
  });
  tcp.on("secureConnection", (socket: TLSSocket) => {
    socket.on("error", () => socket.destroy());
    (socket.alpnProtocol === "h2" ? http2 : http1).emit("connection", socket);
  });
  const renewal = tcp instanceof TlsServer && tls !== undefined ? new TlsRenewal(tcp, tls, log) : undefined;
  await bind(tcp, host, port);
  const address = tcp.address();
  const bound = address === null || typeof address === "string" ? port : address.port;
  const close = async (graceMs: number) => {
    renewal?.stop();
    const closed = new Promise((resolve) => tcp.close(resolve));
    for (const session of sessions) session.close();
    http1.close();
    const timer = setTimeout(() => sockets.forEach((socket) => socket.destroy()), graceMs);
    await closed;
    clearTimeout(timer);
  };
  const url = `${tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${bound}`;
  return { url, port: bound, renewTls: () => renewal?.renew(), close };
}

/** Looks at what comes first, puts it back, and hands the connection to the server that speaks its protocol. */
function handOver(socket: Socket, http1: Http1Server, http2: Http2Server): void {
  const onSilence = () => socket.destroy();
  socket.setTimeout(SILENCE_MS, onSilence);
  // Read, not listened to: a socket in flowing mode would go on to flow when neither server has it.
  let seen = Buffer.alloc(0);
  const onReadable = () => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    seen = Buffer.concat([seen, chunk]);
    const isHttp2 = seen.subarray(0, PREFACE.length).equals(PREFACE.subarray(0, seen.length));
    if (isHttp2 && seen.length < PREFACE.length) return;
    socket.off("readable", onReadable);
    socket.off("timeout", onSilence);
    socket.setTimeout(0);
    socket.unshift(seen);
    (isHttp2 ? http2 : http1).emit("connection", socket);
  };
  socket.on("readable", onReadable);
}

/** Keeps HTTP/2 sessions in sight, and pings them: the other side of a half-open connection never answers. */
function trackSessions(http2: Http2Server): ReadonlySet<ServerHttp2Session> {
  const sessions = new Set<ServerHttp2Session>();
  http2.on("session", (session) => {
    sessions.add(session);
    session.setLocalWindowSize(WINDOW_BYTES);
    session.on("error", () => session.destroy());
    const timer = setInterval(() => pingOnce(session), PING_EVERY_MS);
    timer.unref();
    session.once("close", () => {
      clearInterval(timer);
      sessions.delete(session);
    });
  });
  return sessions;
}

function pingOnce(session: ServerHttp2Session): void {
  if (session.destroyed || session.closed) return;
  const timer = setTimeout(() => session.destroy(), PING_ANSWER_MS);
  timer.unref();
  session.ping(() => clearTimeout(timer));
}

async function bind(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(bindError(error, host, port)));
    server.listen(port, host, resolve);
  });
}

function bindError(error: NodeJS.ErrnoException, host: string, port: number): KagziError {
  const where = `${host}:${port}`;
  const about = { subject: "port", subjectId: String(port), cause: error };
  switch (error.code) {
    case "EADDRINUSE":
      return new KagziError(
        "PRECONDITION_FAILED",
        `${where} is taken, perhaps by another Kagzi server: stop that one, or choose another port with --port or KAGZI_PORT`,
        about,
      );
    case "EACCES":
      return new KagziError(
        "PRECONDITION_FAILED",
        `${where} may not be used by this user: choose a port above 1023`,
        about,
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new KagziError(
        "PRECONDITION_FAILED",
        `${host} is no address of this computer: look at --host or KAGZI_HOST`,
        about,
      );
    default:
      return new KagziError("INTERNAL", `cannot listen on ${where}: ${error.message}`, about);
  }
}
