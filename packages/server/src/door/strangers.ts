import type { IncomingHttpHeaders } from "node:http";

/** Which requests a browser may have been made to send by a page that is none of ours. */
export interface StrangerOptions {
  /** Names by which the server is called; `undefined`: any. */
  readonly hosts: ReadonlySet<string> | undefined;
  /** Other sites whose pages may call: `https://ops.example.com`. */
  readonly origins: ReadonlySet<string>;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Which names a server is called by. One that lets everybody in who reaches it, and only listens on this computer, is
 * called by this computer's names: a page whose own name leads here all of a sudden says that name.
 */
export function hostsOf(server: {
  readonly isOpen: boolean;
  readonly isLoopback: boolean;
  readonly allowed: readonly string[];
}): ReadonlySet<string> | undefined {
  const asksNames = server.allowed.length > 0 || (server.isOpen && server.isLoopback);
  return asksNames ? new Set(server.allowed.map((host) => host.toLowerCase())) : undefined;
}

/** Why a request may be a stranger's doing; `undefined` if it is not. */
export function whyStrange(headers: IncomingHttpHeaders, { hosts, origins }: StrangerOptions): string | undefined {
  const authority = authorityOf(headers);
  if (hosts !== undefined && authority !== undefined) {
    const host = authority.toLowerCase().replace(/:\d+$/, "");
    if (!LOOPBACK.test(host) && !hosts.has(host)) {
      return `the server is not called ${shown(host)}: give it that name with --allowed-hosts if it is`;
    }
  }
  const { origin } = headers;
  if (origin === undefined || origins.has(origin) || isSame(origin, authority)) return undefined;
  return `pages of ${shown(origin)} may not call this server: allow them with --allowed-origins if they may`;
}

/** By which name the server was called: HTTP/2 has a header of its own for it. */
function authorityOf(headers: IncomingHttpHeaders): string | undefined {
  const authority = headers[":authority"];
  return typeof authority === "string" ? authority : headers.host;
}

/** What stands in front of a server may speak TLS for it: the scheme is no part of the comparison. */
function isSame(origin: string, authority: string | undefined): boolean {
  return authority !== undefined && URL.canParse(origin) && new URL(origin).host === hostOf(authority);
}

/** Without the port that goes without saying. */
function hostOf(authority: string): string {
  return authority.toLowerCase().replace(/:(80|443)$/, "");
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

/** What tells a browser that pages of an allowed site may read the answer. */
export function crossOriginHeaders(
  headers: IncomingHttpHeaders,
  { origins }: StrangerOptions,
): Readonly<Record<string, string>> {
  const { origin } = headers;
  if (origin === undefined || !origins.has(origin)) return {};
  return {
    "access-control-allow-origin": origin,
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": headers["access-control-request-headers"] ?? "",
    "access-control-expose-headers": "grpc-status, grpc-message, grpc-status-details-bin",
    "access-control-max-age": "7200",
    vary: "origin",
  };
}
