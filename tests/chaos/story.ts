import type { ChaosEntry, ChaosLine, Output } from "./entries.ts";
import type { Recorded, RecordedRun } from "./recorded.ts";
import { GENERATIONS, NOTES } from "./workflows.ts";

export const LEASE_MS = 3000;

/** A ledger and what the engine recorded, as they are when nothing goes wrong: for tests of the check, which forge them. */
export interface Story {
  readonly entries: ChaosEntry[];
  readonly recorded: {
    readonly runs: RecordedRun[];
    readonly events: Recorded["events"][number][];
    readonly schedules: Recorded["schedules"][number][];
  };
}

/** Each entry a millisecond after the one before it; those from `late` on come so much later. */
export function linesOf({ entries }: Story, late: { readonly from: number; readonly ms: number }): ChaosLine[] {
  return entries.map((entry, index) => ({ ...entry, seq: index + 1, at: index + (index >= late.from ? late.ms : 0) }));
}

/** A piece of every kind of business, done well. */
export function goodStory(): Story {
  const teller = new Teller();
  teller.order();
  teller.mailbox();
  teller.long();
  teller.generations();
  teller.shout();
  teller.ticks();
  return teller.story;
}

class Teller {
  readonly story: Story = { entries: [], recorded: { runs: [], events: [], schedules: [] } };
  #nonces = 0;

  order(): void {
    this.#start("order", "c0-0", [["go c0-0"]]);
    const names = ["one", "two", "left", "right"];
    const saw = names.reduce<string[]>((seen, step) => [...seen, this.#step("order", step, seen)], []);
    const linked = this.#step("link", "link", saw);
    this.#record({ run: "link", workflow: "link", status: "completed", parent: "order" }, ["link"], {
      saw: [linked],
      heard: [],
    });
    this.#say({ kind: "ackSend", id: "c0-0 go", name: "go", run: "order" });
    const three = this.#step("order", "three", [linked]);
    const output = { saw: [...saw, linked, three], heard: ["go c0-0"] };
    this.#record({ run: "order", workflow: "order", status: "completed", key: "c0-0" }, [...names, "three"], output);
    this.#say({ kind: "ackResult", run: "order", status: "completed", output });
  }

  mailbox(): void {
    this.#start("mailbox", "c0-1", [NOTES]);
    const saw: string[] = [];
    for (const n of NOTES) {
      const id = `c0-1 note ${n}`;
      this.#say({ kind: "ackSend", id, name: "note" });
      this.story.recorded.events.push({ id, name: "note", key: "c0-1", taken: 1 });
      saw.push(this.#step("mailbox", `note-${n}`, saw));
    }
    const steps = NOTES.map((n) => `note-${n}`);
    const output = { saw, heard: NOTES };
    this.#record({ run: "mailbox", workflow: "mailbox", status: "completed", key: "c0-1" }, steps, output);
    this.#say({ kind: "ackResult", run: "mailbox", status: "completed", output });
  }

  long(): void {
    this.#start("long", "c0-2");
    this.#step("long", "long-1", []);
    this.#say({ kind: "ackCancel", run: "long", wins: true });
    this.#record({ run: "long", workflow: "long", status: "cancelled", key: "c0-2" }, ["long-1"]);
    this.#say({ kind: "ackResult", run: "long", status: "cancelled" });
  }

  generations(): void {
    this.#start("generations", "c0-3", undefined, "generation-1");
    const saw: string[] = [];
    for (let n = 1; n <= GENERATIONS; n++) {
      const run = `generation-${n}`;
      saw.push(this.#step(run, "generation", saw));
      const origin = n === 1 ? { key: "c0-3" } : { continuedFrom: `generation-${n - 1}` };
      const output = n === GENERATIONS ? { saw: [...saw], heard: [] } : undefined;
      this.#record({ run, workflow: "generations", status: "completed", ...origin }, ["generation"], output);
    }
    this.#say({ kind: "ackResult", run: "generation-1", status: "completed", output: { saw, heard: [] } });
  }

  shout(): void {
    this.#start("listener", "c0-4-listener");
    this.#start("shout", "c0-4");
    const word = this.#step("shout", "word", []);
    this.#record({ run: "shout", workflow: "shout", status: "completed", key: "c0-4" }, ["word"], {
      saw: [word],
      heard: [],
    });
    this.story.recorded.events.push({ id: "event of shout", name: "shout", key: "c0-4", taken: 1 });
    for (const [run, step, origin] of [
      ["listener", "heard", { key: "c0-4-listener" }],
      ["echo", "echo", { eventId: "event of shout" }],
    ] as const) {
      const nonce = this.#step(run, step, [word]);
      const output = { saw: [nonce], heard: [word] };
      this.#record({ run, workflow: run, status: "completed", ...origin }, [step], output);
    }
  }

  ticks(): void {
    for (const n of [1, 2, 3]) {
      const nonce = this.#step(`tick-${n}`, "tick", []);
      const slot = { scheduleId: "tick", scheduledAt: n * 1000 };
      const output = { saw: [nonce], heard: [] };
      this.#record({ run: `tick-${n}`, workflow: "tick", status: "completed", ...slot }, ["tick"], output);
    }
    this.story.recorded.schedules.push({ id: "tick", everyMs: 1000, createdAt: 500, watermark: 3500 });
  }

  #start(workflow: string, key: string, hears?: readonly Output["heard"][], run = workflow): void {
    this.#say({ kind: "start", key, workflow, ...(hears && { hears }) });
    this.#say({ kind: "ackStart", key, run });
  }

  #step(run: string, step: string, saw: readonly string[]): string {
    const nonce = `nonce-${++this.#nonces}`;
    this.#say({ kind: "exec", run, step, attempt: 1, nonce, saw: [...saw], by: "worker-1" });
    this.#say({ kind: "ret", run, step, nonce, by: "worker-1" });
    return nonce;
  }

  /** Records a run with what its steps gave. */
  #record(run: Omit<RecordedRun, "outcomes">, steps: readonly string[], output?: Output): void {
    const outcomes = steps.map((step) => ({ step, nonce: this.#given(run.run, step) }));
    this.story.recorded.runs.push({ ...run, outcomes, ...(output && { output }) });
  }

  #given(run: string, step: string): string {
    const line = this.story.entries.find((entry) => entry.kind === "ret" && entry.run === run && entry.step === step);
    return line?.kind === "ret" ? line.nonce : "";
  }

  #say(entry: ChaosEntry): void {
    this.story.entries.push(entry);
  }
}
