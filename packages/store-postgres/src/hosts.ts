import { KagziError } from "@kagzi/core";

/** `postgres://user@`, a list of hosts, and the rest. */
const ADDRESS = /^(postgres(?:ql)?:\/\/(?:[^/?]*@)?)([^@/?]*)(.*)$/s;

/**
 * The computers on which a database may be, of which one is the primary: `postgres://user@one:5432,two:5432/database`.
 * Everyone connects to the one that served last; when that cannot be reached or may not be written to, it is the next one's turn.
 */
export class Hosts {
  readonly #urls: readonly string[];
  #turn = 0;

  /** @throws KagziError `INVALID_ARGUMENT` for a host without a name */
  constructor(url: string) {
    this.#urls = eachHost(url);
  }

  get count(): number {
    return this.#urls.length;
  }

  /** Whom to connect to: an address with one host. */
  get current(): string {
    return this.#urls[this.#turn] ?? "";
  }

  /** This one cannot serve. Many connections may find out at once: only the first one moves on. */
  failed(url: string): void {
    if (url === this.current) this.#turn = (this.#turn + 1) % this.#urls.length;
  }
}

function eachHost(url: string): readonly string[] {
  const [, before = "", hosts = "", after = ""] = ADDRESS.exec(url) ?? [];
  const names = hosts.split(",");
  if (names.length === 1) return [url];
  if (names.includes("")) {
    throw new KagziError(
      "INVALID_ARGUMENT",
      `${JSON.stringify(hosts)} is no list of hosts: give one like "one:5432,two:5432"`,
    );
  }
  return names.map((name) => `${before}${name}${after}`);
}
