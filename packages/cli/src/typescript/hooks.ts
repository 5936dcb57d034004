import { readFile, stat } from "node:fs/promises";
import type { LoadHook, ResolveHook } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { MessagePort } from "node:worker_threads";
import { transform } from "@swc/wasm-typescript";

/** What is told of a project's files as they are loaded. */
export interface HooksData {
  /** Hears the path of each file outside of `node_modules`, before it is read. */
  readonly loaded?: MessagePort;
}

let loaded: MessagePort | undefined;

/** Is called once, in the thread of the hooks. */
export function initialize(data: HooksData | undefined): void {
  loaded = data?.loaded;
  // It is no reason to stay alive.
  loaded?.unref();
}

/** Finds `./x.ts` where the code says `./x.js` or `./x`, as TypeScript does. */
export const resolve: ResolveHook = async (specifier, context, next) => {
  if (/^(\.|\/|file:)/u.test(specifier) && context.parentURL?.startsWith("file:") === true) {
    for (const other of sourcesOf(specifier)) {
      const url = new URL(other, context.parentURL);
      if (await isFile(url)) return { url: url.href, shortCircuit: true };
    }
  }
  return next(specifier, context);
};

/** Takes the types out of TypeScript. A file of it is a module, whatever package.json says. */
export const load: LoadHook = async (url, context, next) => {
  if (!url.startsWith("file:") || url.includes("/node_modules/")) return next(url, context);
  const path = fileURLToPath(url);
  loaded?.postMessage(path);
  if (!/\.m?ts$/u.test(path)) return next(url, context);
  return { format: "module", shortCircuit: true, source: await toJavaScript(path) };
};

/** Where the source of a file may be that is imported by this name: the name itself comes last. */
function sourcesOf(specifier: string): readonly string[] {
  if (/\.m?js$/u.test(specifier)) return [specifier.replace(/js$/u, "ts")];
  if (/\.[cm]?[jt]sx?$|\.json$|\.node$|\.wasm$/u.test(specifier)) return [];
  const folder = specifier.replace(/\/$/u, "");
  return [`${specifier}.ts`, `${specifier}.js`, `${folder}/index.ts`, `${folder}/index.js`];
}

async function isFile(url: URL): Promise<boolean> {
  return stat(url).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function toJavaScript(path: string): Promise<string> {
  const source = await readFile(path, "utf8");
  try {
    const { code, map = "" } = await transform(source, {
      filename: path,
      mode: "transform",
      module: true,
      sourceMap: true,
      transform: { nativeClassProperties: true, verbatimModuleSyntax: false },
    });
    const encoded = Buffer.from(map).toString("base64");
    return `${code}\n//# sourceMappingURL=data:application/json;base64,${encoded}\n`;
  } catch (error) {
    throw new SyntaxError(describe(path, error), { cause: error });
  }
}

/** What the compiler says, with the place as editors and terminals know it. */
function describe(path: string, error: unknown): string {
  const file = relative(process.cwd(), path);
  if (typeof error !== "object" || error === null) return `${file}: ${String(error)}`;
  const { message, snippet, startColumn, startLine } = error as Readonly<Record<string, unknown>>;
  const place = typeof startLine === "number" ? `:${startLine}:${Number(startColumn) + 1}` : "";
  const shown = typeof snippet === "string" ? `\n\n${snippet.trimEnd().replace(/^/gmu, "    ")}` : "";
  return `${file}${place}: ${String(message)}${shown}`;
}
