import { Client, KagziError, type RunHandle } from "kagzi";
import type { Chance } from "./chance.ts";
import type { Ledger } from "./ledger.ts";
import type { Network } from "./network.ts";
import { EVENTS, type Programs } from "./programs.ts";
import { runtimeOf } from "./worker.ts";
import type { Input, WorkflowName } from "./workflows.ts";
import { type Life, Process, type World } from "./world.ts";

/** What the seed's customer asks for. */
export interface Wishes {
  readonly runs: number;
  /** Things that are done to runs. */
  readonly deeds: number;
  /** All of it within so long. */
  readonly withinMs: number;
  readonly schedules: boolean;
}

/** What may be answered where a thing is done at a bad time. All else is a breach. */
const EXPECTED = new Set(["UNAVAILABLE", "PRECONDITION_FAILED"]);

/** How often the customer sees after what does not go on by itself, once nothing goes wrong any more. */
const CARE_MS = 1000;

/** Starts runs, follows them, and does to them what people do. It is never lost; what it was told is in the ledger. */
export class Customer {
  readonly process: Process;
  readonly client: Client;
  readonly #life: Life;
  readonly #world: World;
  readonly #chance: Chance;
  readonly #ledger: Ledger;
  readonly #programs: Programs;
  readonly #names: readonly WorkflowName[];
  #underWay = 0;
  /** A schedule that is there, and is to be deleted in the end. */
  #schedule: string | undefined;
  readonly #handles: RunHandle<unknown>[] = [];
  #events = 0;

  constructor(parts: {
    readonly world: World;
    readonly network: Network;
    readonly ledger: Ledger;
    readonly programs: Programs;
    readonly names: readonly WorkflowName[];
  }) {
    this.#world = parts.world;
    this.#ledger = parts.ledger;
    this.#programs = parts.programs;
    this.#names = parts.names.filter((name) => name !== "child" && name !== "subscriber");
    this.#chance = parts.world.chance.fork();
    this.process = new Process(parts.world, "customer");
    this.#life = this.process.present();
    this.client = new Client({ connection: parts.network.connect(this.#life), runtime: runtimeOf(this.#life) });
  }

  /** Whether it waits for an answer that will come by itself. */
  get isBusy(): boolean {
    return this.#underWay > 0 || this.#schedule !== undefined;
  }

  begin({ deeds, runs, schedules, withinMs }: Wishes): void {
    for (let index = 0; index < runs; index++) {
      const program = this.#programs.make(1 + this.#chance.below(4));
      this.#at(this.#chance.between(600, withinMs), "start", () => this.#start(program, `key ${index}`));
    }
    for (let index = 0; index < deeds; index++) {
      this.#at(this.#chance.between(1000, withinMs * 1.3), "deed", () => this.#deed());
    }
    if (schedules) this.#at(this.#chance.between(500, withinMs / 2), "schedule", () => this.#makeSchedule());
  }

  /** Nothing goes wrong any more: sees to it that nothing waits for it. */
  end(): void {
    const care = async () => {
      await this.#care().catch((error: unknown) => this.#expect(error));
      this.#life.timer(CARE_MS, () => this.#doing("care", care));
    };
    this.#doing("care", care);
  }

  #at(ms: number, what: string, work: () => Promise<void>): void {
    this.#life.in(ms, what, () => {
      this.#underWay += 1;
      this.#doing(what, async () => {
        try {
          await work();
        } finally {
          this.#underWay -= 1;
        }
      });
    });
  }

  #doing(what: string, work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      this.#world.note("customer", `${what} failed: ${String(error)}`);
      this.#expect(error);
    });
  }

  #expect(error: unknown): void {
    const code = error instanceof KagziError ? error.code : "none";
    if (!EXPECTED.has(code)) this.#ledger.breach(`A0: a client was told ${code}: ${String(error)}`);
  }

  async #start(program: number, key: string): Promise<void> {
    const chance = this.#chance;
    const input: Input = { program, again: chance.happens(0.1) ? 1 + chance.below(2) : 0 };
    const workflow = chance.pick(this.#names);
    const options = { id: key, ...(chance.happens(0.1) && { delay: chance.below(2000) }) };
    this.#ledger.asked.add(key);
    const run = await this.client.start(workflow, input, options);
    this.#acknowledge(run, key);
    if (chance.happens(0.7)) void this.#follow(run);
    if (!chance.happens(0.3)) return;
    const again = await this.client.start(workflow, input, options);
    if (again.id !== run.id) this.#ledger.breach(`R3: ${key} was started as ${run.id} and again as ${again.id}`);
  }

  #acknowledge(run: RunHandle<unknown>, key: string): void {
    this.#ledger.started.set(run.id, key);
    this.#handles.push(run);
    this.#world.note("customer", `was told that ${key} is run ${run.id}`);
  }

  /** Waits for a run as long as it takes, and writes down how it ended. */
  async #follow(run: RunHandle<unknown>): Promise<void> {
    for (;;) {
      try {
        const output = await run.result();
        this.#ledger.told.push({ run: run.id, at: this.#world.now, end: { output } });
        return;
      } catch (error) {
        if (!(error instanceof KagziError)) return this.#ledger.breach(`A0: a client was told ${String(error)}`);
        if (error.code === "UNAVAILABLE") continue;
        const { code, message } = error;
        this.#ledger.told.push({ run: run.id, at: this.#world.now, end: { code, message } });
        return;
      }
    }
  }

  async #deed(): Promise<void> {
    const chance = this.#chance;
    if (chance.happens(0.15)) return this.#announce();
    if (this.#handles.length === 0) return;
    const run = chance.pick(this.#handles);
    const kind = chance.next();
    if (kind < 0.45) return this.#send(run, chance.pick(EVENTS));
    if (kind < 0.6) return this.#cancel(run);
    if (kind < 0.8) {
      await run.pause("to look at it");
      if (chance.happens(0.8)) await run.resume();
      return;
    }
    if (kind < 0.9) return void (await this.client.runs.retry(run.id));
    if (kind < 0.95) return void (await run.terminate("enough"));
    await run.status();
  }

  /** An event to everyone, which starts a run, too. */
  async #announce(): Promise<void> {
    const id = `event ${++this.#events}`;
    const name = this.#chance.pick(["started", ...EVENTS]);
    const sent = await this.client.send(name, id, { id });
    if (!this.#chance.happens(0.3)) return;
    const again = await this.client.send(name, id, { id });
    if (!again.alreadyExists || again.startedRunIds.join() !== sent.startedRunIds.join()) {
      this.#ledger.breach(
        `W8: ${id} was sent twice and started ${sent.startedRunIds.join()}, then ${again.startedRunIds.join()}`,
      );
    }
  }

  async #send(run: RunHandle<unknown>, name: string): Promise<void> {
    const payload = `event ${++this.#events}`;
    const sentAt = this.#world.now;
    await run.send(name, payload, this.#chance.happens(0.5) ? { id: payload } : {});
    this.#ledger.events.push({ run: run.id, name, payload, sentAt, ackedAt: this.#world.now });
  }

  async #cancel(run: RunHandle<unknown>): Promise<void> {
    // Of a run that went on as another one, that one.
    const { cancelRequested, id, status } = await run.cancel({ reason: "not wanted any more", grace: 3000 });
    const willBe = cancelRequested !== undefined || status === "cancelled";
    this.#world.note("customer", `was told that run ${id} ${willBe ? "will be cancelled" : `is ${status}`}`);
    if (willBe) this.#ledger.cancelled.add(id);
  }

  async #makeSchedule(): Promise<void> {
    const id = "often";
    const every = 1000 * (1 + this.#chance.below(4));
    const overlap = this.#chance.pick(["skip", "allow", "buffer-one"] as const);
    await this.client.schedules.create(id, {
      workflow: "main",
      input: { program: 0, again: 0 },
      every,
      overlap,
      maxCatchup: this.#chance.below(4),
    });
    this.#schedule = id;
  }

  /** Resumes what is paused, sends what is waited for, and ends what never ends. */
  async #care(): Promise<void> {
    if (this.#schedule !== undefined) await this.client.schedules.delete(this.#schedule);
    this.#schedule = undefined;
    for await (const run of this.client.runs.list({ status: ["paused", "waiting"] })) {
      const handle = this.client.run(run.id);
      if (run.status === "paused") {
        if (run.error?.code === "NONDETERMINISM")
          this.#ledger.breach(`S6: run ${run.id} was blocked: ${run.error.message}`);
        else await handle.resume().catch((error: unknown) => this.#expect(error));
      } else {
        for (const name of EVENTS) await this.#send(handle, name).catch((error: unknown) => this.#expect(error));
      }
    }
  }
}
