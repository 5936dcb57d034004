import { appendFileSync, existsSync, readFileSync } from "node:fs";

/** A file that is only ever added to, a line at a time: what happened outside of the engine. */
export class Journal<Line> {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** One write of less than a page: lines of several processes do not mix. */
  append(line: Line): void {
    appendFileSync(this.path, `${JSON.stringify(line)}\n`, { flush: true });
  }

  read(): Line[] {
    if (!existsSync(this.path)) return [];
    const lines = readFileSync(this.path, "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Line);
  }
}

/** A call that reached the payment provider and was carried out. */
export interface Charge {
  /** The provider carries out one charge for each key, and answers a second call with the first one's result. */
  readonly key: string;
  readonly order: string;
  readonly amount: number;
  readonly currency: string;
}

/** A step's function that was begun. */
export interface Execution {
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
}

/** What a demonstration leaves behind. */
export interface Journals {
  readonly charges: Journal<Charge>;
  readonly executions: Journal<Execution>;
}

export function openJournals(folder: string): Journals {
  return { charges: new Journal(`${folder}/charges.jsonl`), executions: new Journal(`${folder}/executions.jsonl`) };
}
