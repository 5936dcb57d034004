import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join, relative, sep } from "node:path";
import type { Page, Request, Response } from "./request-handler.ts";
import { sendWhole } from "./respond.ts";

/** Files for browsers: the dashboard. */
export interface Site {
  /** Answers a GET or HEAD of a file or a screen. False: neither is at this path, and nothing was sent. */
  serve(request: Request, response: Response, path: string): boolean;
}

const INDEX = "index.html";
/** Stands in {@link INDEX} for the way back to where the site begins. */
const BASE = '<base href="./"';
/** Files whose names change with their content. */
const HASHED = /^assets\//u;
/** The path of a call: `/kagzi.v1.WorkflowService/GetWorkflow`. */
const CALL = /^\/[\w.]+\.[A-Z]\w*(?:\/|$)/u;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

/** What the site may do in a browser: its own files and calls, no inline script, and no frame around it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const SAFETY = {
  "content-security-policy": POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
};

const NOT_BUILT: Page = {
  status: 503,
  contentType: "text/plain; charset=utf-8",
  body: "This is a Kagzi server, and it works. Its dashboard has not been built: run `npm run build`, and start the server again.\n",
};

/** A file, and its compressed forms by content encoding, the smallest first. */
interface File {
  readonly bytes: Buffer;
  readonly encoded: readonly (readonly [encoding: string, bytes: Buffer])[];
  readonly etag: string;
}

/** Where the dashboard was built to; that it was is not said. */
export function dashboardFolder(): string {
  const manifest = createRequire(import.meta.url).resolve("@kagzi/dashboard/package.json");
  return join(dirname(manifest), "dist", "site");
}

/**
 * Serves the files of a folder, and its index for every screen. Links in the index are relative to a base that depends on
 * how deep the screen is, so that the site works under any path that a proxy puts before it and takes away.
 */
export function createSite(folder: string): Site {
  const files = readFiles(folder);
  const index = files.get(INDEX)?.bytes.toString();
  return {
    serve(request, response, path) {
      if (request.method !== "GET" && request.method !== "HEAD") return false;
      const name = path.slice(1);
      const file = name === INDEX ? undefined : files.get(name);
      if (file !== undefined) send(request, response, { name, file });
      else if (!isScreen(request, path)) return false;
      else if (index === undefined) sendNotBuilt(response);
      else send(request, response, { name: INDEX, file: indexAt(path, index) });
      return true;
    },
  };
}

/** A screen is what a browser asks for as a page; `/` is one for everybody. */
function isScreen({ headers }: Request, path: string): boolean {
  if (path === "/" || path === `/${INDEX}`) return true;
  return !CALL.test(path) && !path.startsWith("/assets/") && (headers.accept ?? "").includes("text/html");
}

function indexAt(path: string, index: string): File {
  const depth = path.split("/").length - 2;
  const base = depth === 0 ? "./" : "../".repeat(depth);
  return fileOf(Buffer.from(index.replace(BASE, `<base href="${base}"`)), []);
}

function send(
  request: Request,
  response: Response,
  { name, file }: { readonly name: string; readonly file: File },
): void {
  const accepted = request.headers["accept-encoding"] ?? "";
  const [encoding, bytes] = file.encoded.find(([each]) => accepts(accepted, each)) ?? ["identity", file.bytes];
  const headers = {
    ...SAFETY,
    etag: file.etag,
    vary: "accept-encoding",
    "cache-control": HASHED.test(name) ? "public, max-age=31536000, immutable" : "no-cache",
  };
  if (request.headers["if-none-match"] === file.etag) {
    return sendWhole(response, { status: 304, headers, bytes: new Uint8Array() });
  }
  const type = TYPES[extname(name)] ?? "application/octet-stream";
  sendWhole(response, {
    status: 200,
    headers: {
      ...headers,
      "content-type": type,
      "content-length": String(bytes.byteLength),
      ...(encoding !== "identity" && { "content-encoding": encoding }),
    },
    bytes: request.method === "HEAD" ? new Uint8Array() : bytes,
  });
}

function accepts(accepted: string, encoding: string): boolean {
  return accepted.split(",").some((each) => {
    const [name = "", quality = ""] = each.split(";");
    return name.trim() === encoding && !/^\s*q=0(?:\.0+)?\s*$/u.test(quality);
  });
}

function sendNotBuilt(response: Response): void {
  const bytes = Buffer.from(NOT_BUILT.body);
  const headers = { "content-type": NOT_BUILT.contentType, "content-length": String(bytes.byteLength) };
  sendWhole(response, { status: NOT_BUILT.status, headers, bytes });
}

/** By path below the folder. The compressed forms lie beside the files: `x.js.br`. A folder that is not there has none. */
function readFiles(folder: string): ReadonlyMap<string, File> {
  const names = namesIn(folder);
  const read = (name: string) => readFileSync(join(folder, name));
  const encodings = [["br", ".br"] as const, ["gzip", ".gz"] as const];
  return new Map(
    [...names]
      .filter((name) => !encodings.some(([, suffix]) => name.endsWith(suffix)))
      .map((name) => {
        const encoded = encodings.filter(([, suffix]) => names.has(name + suffix));
        return [
          name,
          fileOf(
            read(name),
            encoded.map(([encoding, suffix]) => [encoding, read(name + suffix)]),
          ),
        ];
      }),
  );
}

function namesIn(folder: string): ReadonlySet<string> {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return new Set(files.map((file) => relative(folder, join(file.parentPath, file.name)).split(sep).join("/")));
  } catch {
    return new Set();
  }
}

function fileOf(bytes: Buffer, encoded: File["encoded"]): File {
  return { bytes, encoded, etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"` };
}
