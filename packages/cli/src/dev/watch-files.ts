import { readdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { USUAL_PLACES, findWorkflowFiles, isCode } from "./find-files.ts";

const LOOK_EVERY_MS = 200;

/**
 * Looks again and again whether the files of workflows have changed: those that were imported, wherever they are, and what is new
 * beside them. Looking is dull, and works with every editor, file system and container.
 */
export class FileWatch {
  readonly #paths: readonly string[];
  readonly #folder: string;
  readonly #onChange: () => void;
  readonly #imported = new Set<string>();
  #seen: ReadonlyMap<string, string> = new Map();
  #changedAt: ReadonlyMap<string, string> | undefined;
  #since = 0;
  /** So many of the imported files were looked at. */
  #looked = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: { readonly paths: readonly string[]; readonly folder: string; readonly onChange: () => void }) {
    this.#paths = options.paths;
    this.#folder = options.folder;
    this.#onChange = options.onChange;
  }

  /** From now on what changes is told, once it has been the same for two looks. Call it before the files are read. */
  async start(): Promise<void> {
    this.#since = Date.now();
    this.#seen = await this.#look();
    this.#lookLater();
  }

  /** A file that counts, too. */
  imported(file: string): void {
    this.#imported.add(file);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #lookLater(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#compare().finally(() => this.#lookLater()), LOOK_EVERY_MS);
  }

  async #compare(): Promise<void> {
    const now = await this.#look();
    if (this.#changedAt === undefined) {
      if (this.#differs(now)) this.#changedAt = now;
      else this.#seen = now;
      return;
    }
    // Somebody is still writing.
    const settled = isSame(this.#changedAt, now);
    this.#changedAt = settled ? undefined : now;
    if (!settled || this.#stopped) return;
    this.#seen = now;
    this.#since = Date.now();
    this.#onChange();
  }

  #differs(now: ReadonlyMap<string, string>): boolean {
    // What is looked at for the first time since it was imported may have changed since then; else it is new.
    const isNew =
      this.#looked === this.#imported.size ? () => true : (state: string) => Number(state.split(" ")[0]) > this.#since;
    this.#looked = this.#imported.size;
    for (const path of this.#seen.keys()) if (!now.has(path)) return true;
    for (const [path, state] of now) {
      const before = this.#seen.get(path);
      if (before === undefined ? isNew(state) : before !== state) return true;
    }
    return false;
  }

  /** How each file is. */
  async #look(): Promise<ReadonlyMap<string, string>> {
    const { files } = await findWorkflowFiles(this.#paths, this.#folder);
    const all = [...new Set([...files, ...this.#imported])];
    const states = await Promise.all([...all, ...this.#places()].map(stateOf));
    const beside = await Promise.all([...new Set(all.map((file) => dirname(file)))].map(namesIn));
    return new Map([...beside.flat(), ...states.filter((state) => state !== undefined)]);
  }

  #places(): readonly string[] {
    const given = this.#paths.length === 0 ? USUAL_PLACES : this.#paths;
    return given.map((path) => resolve(this.#folder, path));
  }
}

/** The files with code in a folder. Of those that nobody imports it counts only that they are there: one that was missing may come. */
async function namesIn(folder: string): Promise<readonly (readonly [string, string])[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter(isCode).map((name) => [resolve(folder, name), "there"] as const);
}

async function stateOf(path: string): Promise<readonly [string, string] | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || found.isDirectory()) return undefined;
  return [path, `${found.mtimeMs} ${found.size} ${found.ino}`];
}

function isSame(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  return one.size === other.size && Array.from(one).every(([path, state]) => other.get(path) === state);
}
