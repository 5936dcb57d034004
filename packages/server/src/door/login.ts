import { ConnectError, Code } from "@connectrpc/connect";
import { LOCAL, type Principal } from "@kagzi/core";
import type { KeyRing } from "../engine/key-ring.ts";
import type { Endpoint, Request } from "../http/request-handler.ts";
import { readBody } from "../http/read-body.ts";
import type { Whole } from "../http/respond.ts";
import type { AuthMode } from "./door.ts";
import { forbidden } from "./refusals.ts";
import { CSRF_HEADER, SESSION_MS, type Sessions } from "./sessions.ts";

/** What a login is made of. */
export interface LoginOptions {
  readonly auth: AuthMode;
  readonly keyRing: KeyRing;
  readonly sessions: Sessions;
}

/** More than a key has. */
const MAX_BODY_BYTES = 4096;

/** By method and path: how a page lets its user in, out, and know who it is. */
export function loginEndpoints(options: LoginOptions): Readonly<Record<string, Endpoint>> {
  return {
    "POST /login": (request) => logIn(request, options),
    "POST /logout": async (request) => logOut(request, options),
    "GET /session": (request) => tellSession(request, options),
  };
}

async function logIn(request: Request, { auth, keyRing, sessions }: LoginOptions): Promise<Whole> {
  // No other site can make a browser send this type without asking us first.
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? "")) {
    throw new ConnectError('say application/json, and send a body like {"key": "kagzi_…"}', Code.InvalidArgument);
  }
  const principal = await keyRing.verify(keyOf(await readBody(request, MAX_BODY_BYTES)));
  const setCookie = sessions.begin(principal.actor, isSecure(request));
  return json(200, { auth, ...tell(principal, SESSION_MS) }, { "set-cookie": setCookie });
}

/** @throws ConnectError `InvalidArgument`, which repeats nothing of what it was given */
function keyOf(body: Uint8Array): string {
  try {
    const key: unknown = Reflect.get(JSON.parse(new TextDecoder().decode(body)) as object, "key");
    if (typeof key === "string") return key;
  } catch {
    // Not even JSON.
  }
  throw new ConnectError('the body must be JSON like {"key": "kagzi_…"}', Code.InvalidArgument);
}

function logOut(request: Request, { sessions }: LoginOptions): Whole {
  if (request.headers[CSRF_HEADER] === undefined) throw forbidden(`the header ${CSRF_HEADER} is missing`);
  return json(200, {}, { "set-cookie": sessions.end(request.headers, isSecure(request)) });
}

/** It changes nothing, so that it takes no header but the cookie. */
async function tellSession(request: Request, { auth, keyRing, sessions }: LoginOptions): Promise<Whole> {
  const session = sessions.find(request.headers);
  if (session !== undefined && auth !== "off") {
    const principal = await keyRing.stillGood(session.keyId);
    return json(200, { auth, ...tell(principal, sessions.leftMs(session)) });
  }
  return json(200, { auth, ...(auth === "required" ? { signedIn: false } : tell(LOCAL)) });
}

function tell({ actor, name, namespaceId, role }: Principal, leftMs?: number) {
  // `null`: all of them, and without end.
  return { signedIn: true, actor, name, role, namespace: namespaceId ?? null, expiresInMs: leftMs ?? null };
}

/** Over TLS, here or in front of us: whoever says so in vain only makes its own cookie worth less. */
function isSecure({ headers, socket }: Request): boolean {
  return Reflect.get(socket, "encrypted") === true || headers["x-forwarded-proto"] === "https";
}

function json(status: number, value: object, headers: Readonly<Record<string, string>> = {}): Whole {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  const about = { "content-type": "application/json", "content-length": String(bytes.byteLength) };
  return { status, headers: { ...about, "cache-control": "no-store", ...headers }, bytes };
}
