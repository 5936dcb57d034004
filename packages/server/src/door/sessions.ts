import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Env } from "../engine/env.ts";

/** How long a login is good, at most: until then its key may be revoked, which ends it, too. */
export const SESSION_MS = 12 * 60 * 60 * 1000;
const COOKIE = "kagzi_session";
/** What a page must send with its calls: no other site can make a browser send it. */
export const CSRF_HEADER = "x-kagzi-csrf";
const MOST_SESSIONS = 10_000;

/** Somebody who has logged in. */
export interface Session {
  readonly keyId: string;
  /** By the computer's clock. */
  readonly until: number;
}

/** Who has logged in to this server, until it stops. */
export class Sessions {
  readonly #env: Env;
  readonly #sessions = new Map<string, Session>();

  constructor(env: Env) {
    this.#env = env;
  }

  /** Begins a session. Answers with the cookie that brings it. */
  begin(keyId: string, isSecure: boolean): string {
    this.#forgetOld();
    const id = randomBytes(32).toString("base64url");
    this.#sessions.set(id, { keyId, until: this.#env.now() + SESSION_MS });
    return cookie(id, SESSION_MS / 1000, isSecure);
  }

  /** Ends the session that a request brings. Answers with the cookie that takes it from the browser. */
  end(headers: IncomingHttpHeaders, isSecure: boolean): string {
    this.#sessions.delete(idOf(headers) ?? "");
    return cookie("", 0, isSecure);
  }

  /** Of whom a call is; `undefined` without a session, or without the header that shows that a page of ours makes it. */
  of(headers: IncomingHttpHeaders): Session | undefined {
    return headers[CSRF_HEADER] === undefined ? undefined : this.find(headers);
  }

  /** The session that a request brings: for what changes nothing. */
  find(headers: IncomingHttpHeaders): Session | undefined {
    const found = this.#sessions.get(idOf(headers) ?? "");
    return found !== undefined && found.until > this.#env.now() ? found : undefined;
  }

  /** How long it goes on. */
  leftMs({ until }: Session): number {
    return Math.max(0, until - this.#env.now());
  }

  #forgetOld(): void {
    const now = this.#env.now();
    // The oldest are the first.
    for (const [id, { until }] of this.#sessions) {
      if (until > now && this.#sessions.size < MOST_SESSIONS) break;
      this.#sessions.delete(id);
    }
  }
}

function idOf({ cookie: text = "" }: IncomingHttpHeaders): string | undefined {
  const found = text.split(";").find((each) => each.trimStart().startsWith(`${COOKIE}=`));
  return found?.trim().slice(COOKIE.length + 1);
}

function cookie(value: string, seconds: number, isSecure: boolean): string {
  const secure = isSecure ? "; Secure" : "";
  return `${COOKIE}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
}
