import type { IncomingHttpHeaders } from "node:http";
import { LOCAL, type Principal, mayDo, rolesWith } from "@kagzi/core";
import { type KeyRing, unauthorized } from "../engine/key-ring.ts";
import { forbidden } from "./refusals.ts";
import { type Needed, PAGES, neededFor } from "./rights.ts";
import type { Sessions } from "./sessions.ts";
import { type StrangerOptions, crossOriginHeaders, whyStrange } from "./strangers.ts";

/**
 * Whether callers must say who they are. `optional`: who says nothing may do everything, and a wrong key is refused all
 * the same. `off`: nobody is asked.
 */
export type AuthMode = "required" | "optional" | "off";

/** What a door is made of. */
export interface DoorOptions {
  readonly auth: AuthMode;
  readonly keyRing: KeyRing;
  readonly sessions: Sessions;
  readonly strangers: StrangerOptions;
}

/** How a request is met before it is asked who makes it. */
export interface Meeting {
  /** Why it is refused, if it is. */
  readonly why?: string;
  /** What its answer says beside. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Who calls what needs no key. */
const NOBODY: Principal = { actor: "nobody", name: "nobody", role: "read-only" };

/** The one place where it is decided who comes in: before anything of a call but its headers is read. */
export class Door {
  readonly auth: AuthMode;
  readonly #keyRing: KeyRing;
  readonly #sessions: Sessions;

  readonly #strangers: StrangerOptions;

  constructor({ auth, keyRing, sessions, strangers }: DoorOptions) {
    this.auth = auth;
    this.#keyRing = keyRing;
    this.#sessions = sessions;
    this.#strangers = strangers;
  }

  /** Whether a request may be the doing of a page that is none of ours. */
  meet(path: string, headers: IncomingHttpHeaders): Meeting {
    // Probes ask by whatever address they have.
    if (neededFor(path) === "nothing" && Object.hasOwn(PAGES, path)) return { headers: {} };
    const why = whyStrange(headers, this.#strangers);
    return why === undefined ? { headers: crossOriginHeaders(headers, this.#strangers) } : { why, headers: {} };
  }

  /**
   * Who calls, if that may make this call. At once, where the store need not be asked.
   * @throws KagziError `UNAUTHORIZED`, `UNAVAILABLE`; ConnectError `PermissionDenied`
   */
  admit(path: string, headers: IncomingHttpHeaders): Principal | Promise<Principal> {
    const needed = neededFor(path);
    if (needed === "nothing") return NOBODY;
    const check = (principal: Principal) => checkRight(principal, needed, path);
    const principal = this.identify(headers);
    return principal instanceof Promise ? principal.then(check) : check(principal);
  }

  /** Who calls, whatever it is that they call. @throws KagziError `UNAUTHORIZED`, `UNAVAILABLE` */
  identify(headers: IncomingHttpHeaders): Principal | Promise<Principal> {
    if (this.auth === "off") return LOCAL;
    const { authorization } = headers;
    if (authorization !== undefined) return this.#keyRing.verify(bearer(authorization));
    const session = this.#sessions.of(headers);
    if (session !== undefined) return this.#keyRing.stillGood(session.keyId);
    if (this.auth === "optional") return LOCAL;
    throw unauthorized(
      "this server takes no calls without an API key: send `authorization: Bearer kagzi_…`, set KAGZI_API_KEY, or give apiKey to Client and Worker",
    );
  }
}

function bearer(authorization: string): string {
  const [, key] = /^bearer +(\S+) *$/i.exec(authorization) ?? [];
  if (key !== undefined) return key;
  throw unauthorized("the authorization header is none that is taken: send `authorization: Bearer kagzi_…`");
}

function checkRight(principal: Principal, needed: Needed | undefined, path: string): Principal {
  const what = path.slice(path.lastIndexOf("/") + 1);
  if (needed === undefined || needed === "nothing") throw forbidden(`${what} is open to nobody`);
  const isEverywhere = needed === "read everywhere" || needed === "admin everywhere";
  const right = needed === "read everywhere" ? "read" : needed === "admin everywhere" ? "admin" : needed;
  if (!mayDo(principal.role, right)) {
    const roles = rolesWith(right).join(" or ");
    throw forbidden(
      `${what} takes an API key with the role ${roles}: ${principal.actor} has the role ${principal.role}`,
    );
  }
  if (isEverywhere && principal.namespaceId !== undefined) {
    throw forbidden(`${what} takes an API key for all namespaces: ${principal.actor} is for one`);
  }
  return principal;
}
