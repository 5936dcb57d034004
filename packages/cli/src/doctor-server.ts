import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import { KagziError } from "@kagzi/core";
import { type GetServerInfoResponse, ServingStatus, type Worker, WorkerStatus } from "@kagzi/proto";
import { isKagziError } from "kagzi";
import { type CallOptions, type Connection, call, systemRuntime } from "kagzi/wire";
import type { Context } from "./context.ts";
import { exitCodeOf } from "./exit-code.ts";
import { type Finding, doubtful, good, wrong } from "./finding.ts";
import { checkReachable } from "./reach.ts";
import { openConnection } from "./session.ts";
import type { Surroundings } from "./surroundings.ts";
import { dateOf, relativeText, spanText } from "./times.ts";
import { ownVersion } from "./version.ts";

/** A server's word is waited for so long. */
const PATIENCE_MS = 5000;
/** A clock that is further from the server's is told of. */
const SKEW_MS = 2000;
const WORKERS = 1000;
const DAY_MS = 86_400_000;
const SOON_DAYS = 14;

/** Goes the way to the server, as far as it leads, and asks it how it is. */
export async function checkServer(cli: Surroundings, context: Context): Promise<readonly Finding[]> {
  const way = await checkWay(cli, context.url.value);
  if (way.some(({ grade }) => grade === "wrong")) return way;
  const connection = openConnection(context);
  try {
    return [...way, ...(await askServer(cli, context, connection))];
  } catch (error) {
    const next = "look at the server's log; is it a Kagzi server, and is this its port?";
    return [...way, failed("server", error, next)];
  } finally {
    await connection.close();
  }
}

function failed(name: string, error: unknown, next: string): Finding {
  const message = error instanceof Error ? error.message : String(error);
  return { ...wrong(name, message, next), exitCode: exitCodeOf(error) };
}

async function checkWay(cli: Surroundings, url: string): Promise<readonly Finding[]> {
  const next = "start a server (kagzi server, kagzi dev), or give its address with --url or KAGZI_URL";
  try {
    const found: Finding[] = [];
    if (URL.canParse(url)) found.push(await resolveHost(new URL(url).hostname.replace(/^\[|\]$/gu, "")));
    const begun = performance.now();
    await checkReachable(url);
    found.push(good("port", `${url} answers after ${spanText(performance.now() - begun)}`));
    return [...found, await checkTls(cli, new URL(url))];
  } catch (error) {
    return [failed("address", error, next)];
  }
}

async function resolveHost(host: string): Promise<Finding> {
  try {
    const addresses = await lookup(host, { all: true });
    return good("address", `${host} is ${addresses.map(({ address }) => address).join(", ")}`);
  } catch (cause) {
    throw new KagziError("UNAVAILABLE", `the name ${host} leads nowhere: ${String(cause)}`, { cause });
  }
}

async function checkTls(cli: Surroundings, { hostname, port, protocol }: URL): Promise<Finding> {
  const host = hostname.replace(/^\[|\]$/gu, "");
  if (protocol !== "https:") {
    const isNear = host === "localhost" || host === "::1" || host.startsWith("127.");
    if (isNear) return good("tls", "none, and the server is on this computer");
    return doubtful("tls", "none: whoever is on the way reads along", "serve TLS, or put a proxy with TLS in front");
  }
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket = connectTls({ host, port: Number(port) || 443, timeout: PATIENCE_MS, ...name });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("secureConnect", resolve);
      socket.once("error", reject);
      socket.once("timeout", () => reject(new Error(`nothing was heard for ${PATIENCE_MS} ms`)));
    });
    return certificateFound(cli, new Date(socket.getPeerCertificate().valid_to));
  } catch (error) {
    const next = "take a certificate that is for this name, or say with NODE_EXTRA_CA_CERTS whose word counts";
    return { ...failed("tls", error, next), exitCode: 6 };
  } finally {
    socket.destroy();
  }
}

function certificateFound(cli: Surroundings, until: Date): Finding {
  const text = `the certificate ends ${relativeText(until, cli.now())}`;
  if (until.getTime() - cli.now() > SOON_DAYS * DAY_MS) return good("tls", text);
  return doubtful("tls", text, "renew it");
}

async function askServer(cli: Surroundings, context: Context, connection: Connection): Promise<readonly Finding[]> {
  const begun = cli.now();
  const info = await ask((options) => connection.admin.getServerInfo({}, options));
  const asked = { begun, ended: cli.now() };
  const health = await ask((options) => connection.admin.healthCheck({}, options));
  const isServing = health.status === ServingStatus.SERVING;
  const healthFound = isServing
    ? good("health", "it serves")
    : { ...wrong("health", health.message, "look at its database and at its log"), exitCode: 6 };
  const found = [serverFound(cli, info), healthFound, clockFound(info, asked)];
  const namespaceId = context.namespace.value;
  try {
    await ask((options) => connection.namespaces.getNamespace({ namespaceId }, options));
    const request = { namespaceId, page: { pageSize: WORKERS } };
    const { workers } = await ask((options) => connection.admin.listWorkers(request, options));
    return [...found, good("access", `namespace ${namespaceId} may be read`), ...workersFound(info, workers)];
  } catch (error) {
    return [...found, accessRefused(error, namespaceId)];
  }
}

function serverFound(cli: Surroundings, info: GetServerInfoResponse): Finding {
  const since = dateOf(info.startedAt);
  const started = since === undefined ? "" : `, started ${relativeText(since, cli.now())}`;
  const text = `${info.serverVersion} on ${info.store}, schema ${info.schemaVersion}${started}`;
  if (info.serverVersion === ownVersion()) return good("server", text);
  const next = "take a command line of the server's version, if something is not as its page says";
  return doubtful("server", `${text}; this command line is ${ownVersion()}`, next);
}

/** The answer was made between the two times; what the server's clock says beyond them is its difference. */
function clockFound({ now }: GetServerInfoResponse, { begun, ended }: { begun: number; ended: number }): Finding {
  const server = dateOf(now)?.getTime() ?? begun;
  const away = server < begun ? server - begun : Math.max(0, server - ended);
  if (Math.abs(away) <= SKEW_MS) return good("clock", `within ${spanText(SKEW_MS)} of the server's`);
  const text = `${spanText(Math.abs(away))} ${away < 0 ? "ahead of" : "behind"} the server's`;
  return doubtful("clock", text, "synchronise the clocks: times that are shown as relative are wrong by as much");
}

function accessRefused(error: unknown, namespaceId: string): Finding {
  if (isKagziError(error) && error.code === "NOT_FOUND") {
    const next = `kagzi namespace create ${namespaceId}, or take another one with -n; kagzi namespace list shows them`;
    return failed("namespace", error, next);
  }
  return failed("access", error, "give a key that may, with --api-key, KAGZI_API_KEY or kagzi config set api-key");
}

function workersFound({ serverVersion }: GetServerInfoResponse, workers: readonly Worker[]): readonly Finding[] {
  const online = workers.filter(({ status }) => status === WorkerStatus.ONLINE);
  if (online.length === 0) {
    return [doubtful("workers", "none is online", "start one: without, runs are kept and do not begin")];
  }
  const others = online.filter(({ version }) => version !== "" && version !== serverVersion);
  const text = `${online.length} online`;
  if (others.length === 0) return [good("workers", text)];
  const versions = [...new Set(others.map(({ version }) => version))].join(", ");
  const next = `update their SDK, if they do not say a version of their own; the server is ${serverVersion}`;
  return [doubtful("workers", `${text}, ${others.length} of them of version ${versions}`, next)];
}

/** Asks once. */
function ask<Answer>(make: (options: CallOptions) => Promise<Answer>): Promise<Answer> {
  return call({ runtime: systemRuntime, patienceMs: 0, timeoutMs: PATIENCE_MS }, make);
}
