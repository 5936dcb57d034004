import type { Client } from "kagzi";
import { Chance } from "./chance.ts";
import { Desk } from "./desk.ts";
import type { ChaosEntry } from "./entries.ts";
import { NOTES } from "./workflows.ts";

/** Who asks for what. */
export interface LoadOptions {
  readonly clients: readonly Client[];
  readonly append: (entry: ChaosEntry) => Promise<void>;
  readonly seed: string;
  /** For each customer how much of its business is done. */
  readonly done: readonly number[];
}

/** One piece of business, from its start to its end. */
interface Business {
  readonly weight: number;
  readonly run: (desk: Desk) => Promise<void>;
}

const BUSINESS: readonly Business[] = [
  { weight: 6, run: order },
  { weight: 4, run: mailbox },
  { weight: 2, run: race },
  { weight: 3, run: cancel },
  { weight: 2, run: generations },
  { weight: 3, run: shout },
  { weight: 1, run: (desk) => plain(desk, "saga") },
  { weight: 1, run: (desk) => plain(desk, "doomed") },
  { weight: 3, run: metered },
];

/** Customers who do one piece of business after the other. What it is follows from the seed, the customer and its number. */
export class Load {
  readonly #options: LoadOptions;
  #stops = false;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** Resolves when everything that was begun is done, after {@link stop}. */
  async run(): Promise<void> {
    await Promise.all(this.#options.done.map((done, customer) => this.#keepGoing(customer, done)));
  }

  /** Nothing new is begun. */
  stop(): void {
    this.#stops = true;
  }

  async #keepGoing(customer: number, done: number): Promise<void> {
    const { append, clients, seed } = this.#options;
    // What a predecessor of this process had begun is done first, from its beginning.
    for (let n = done; !this.#stops || n === done; n++) {
      const key = `c${customer}-${n}`;
      const chance = new Chance(`${seed} ${key}`);
      const desk = new Desk({ key, clients, append, chance });
      await chance.weighed(BUSINESS).run(desk);
      await append({ kind: "done", key });
      await desk.pause(200);
    }
  }
}

/** Most steps are short; some are long enough for anything to happen meanwhile. */
function job({ chance }: Desk) {
  return {
    stepMs: chance.isLucky(0.1) ? chance.between(300, 1000) : chance.between(1, 30),
    stumbles: chance.isLucky(0.25),
  };
}

async function order(desk: Desk): Promise<void> {
  const run = await desk.start("order", job(desk), { hears: [[`go ${desk.key}`]] });
  await desk.pause(600);
  await desk.tell(run, "go", `go ${desk.key}`);
  await desk.end(run);
}

async function mailbox(desk: Desk): Promise<void> {
  const run = await desk.start("mailbox", job(desk), { hears: [NOTES] });
  for (const n of NOTES) {
    await desk.pause(200);
    await desk.send("note", n, `${desk.key} note ${n}`);
  }
  await desk.end(run);
}

async function race(desk: Desk): Promise<void> {
  const run = await desk.start("race", job(desk), { hears: [["maybe"], [null]] });
  await desk.pause(800);
  await desk.send("maybe", "maybe", `${desk.key} maybe`);
  await desk.end(run);
}

async function cancel(desk: Desk): Promise<void> {
  const run = await desk.start("long", job(desk));
  await desk.pause(1500);
  await desk.cancel(run);
  await desk.end(run);
}

async function generations(desk: Desk): Promise<void> {
  await desk.end(await desk.start("generations", { ...job(desk), saw: [] }));
}

async function shout(desk: Desk): Promise<void> {
  const listener = await desk.start("listener", job(desk), { key: `${desk.key}-listener` });
  const speaker = await desk.start("shout", job(desk));
  // One that was given up says nothing, and nobody is to wait for its word.
  if ((await desk.end(speaker)) !== "completed") await desk.cancel(listener);
  await desk.end(listener);
}

async function metered(desk: Desk): Promise<void> {
  await desk.end(await desk.start("metered", { ...job(desk), customer: desk.chance.between(1, 12) }));
}

async function plain(desk: Desk, workflow: string): Promise<void> {
  await desk.end(await desk.start(workflow, job(desk)));
}
