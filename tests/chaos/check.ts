import type { ChaosLine, Output } from "./entries.ts";
import { brokenEvents, brokenSchedules } from "./check-events.ts";
import { brokenTimes } from "./check-times.ts";
import { Evidence, push, repeated } from "./evidence.ts";
import type { Recorded, RecordedRun } from "./recorded.ts";
import { GENERATIONS, LONG_STEPS, NOTES } from "./workflows.ts";

/** What the engine promised and did not keep, by what the ledger saw: one line for each breach. */
export function findBreaches(
  lines: readonly ChaosLine[],
  recorded: Recorded,
  options: { readonly leaseMs: number },
): readonly string[] {
  const evidence = new Evidence(lines, recorded, options);
  return [
    ...surprises(evidence),
    ...lostRuns(evidence),
    ...inventedRuns(evidence),
    ...wrongResults(evidence),
    ...unrecordedInputs(evidence),
    ...wrongOutputs(evidence),
    ...wrongAnswers(evidence),
    ...brokenEvents(evidence),
    ...brokenSchedules(evidence),
    ...brokenTimes(evidence),
  ];
}

/** A0: no error that a client must not be given, no process that ended by itself, no file that is corrupt. */
function surprises(evidence: Evidence): string[] {
  return evidence.of("surprise").map(({ by, what }) => `A0: ${by}: ${what}`);
}

/** A1: what was acknowledged is there, and everything has come to its right end. */
function lostRuns(evidence: Evidence): string[] {
  const lost = evidence
    .of("ackStart")
    .filter(({ run }) => !evidence.runs.has(run))
    .map(({ key, run }) => `A1: ${key}, run ${run}, was acknowledged and is lost`);
  const cancelled = new Set(evidence.of("ackCancel").flatMap(({ run, wins }) => (wins ? [run] : [])));
  const wrong = evidence.recorded.runs.flatMap(({ error, run, status, workflow }) => {
    if (evidence.wasGivenUp(run)) return [];
    const wanted = cancelled.has(run) ? "cancelled" : workflow === "doomed" ? "failed" : "completed";
    return status === wanted ? [] : [`A1: run ${run} of ${workflow} is ${status}, not ${wanted}: ${error}`];
  });
  return [...lost, ...wrong];
}

/** A2: every run was started by somebody, and by nobody twice. */
function inventedRuns(evidence: Evidence): string[] {
  const asked = new Set(evidence.of("start").map(({ key, workflow }) => `${workflow} ${key}`));
  const events = new Set(evidence.recorded.events.map(({ id }) => id));
  const origins = evidence.recorded.runs.map((run) => originOf(run, { asked, events, runs: evidence.runs }));
  return [
    ...origins.flatMap((origin, index) => {
      const { run, workflow } = evidence.recorded.runs[index] ?? { run: "", workflow: "" };
      return origin === undefined ? [`A2: nobody started run ${run} of ${workflow}`] : [];
    }),
    ...repeated(origins.filter((origin) => origin !== undefined)).map((origin) => `A2: a second run for ${origin}`),
  ];
}

function originOf(
  { continuedFrom, eventId, key, parent, scheduleId, scheduledAt, workflow }: RecordedRun,
  known: {
    readonly asked: ReadonlySet<string>;
    readonly events: ReadonlySet<string>;
    readonly runs: ReadonlyMap<string, RecordedRun>;
  },
): string | undefined {
  // A run that goes on as a new one has what began the first one, too.
  if (continuedFrom !== undefined)
    return known.runs.has(continuedFrom) ? `run ${continuedFrom} that went on` : undefined;
  if (parent !== undefined) return known.runs.has(parent) ? `${workflow} of parent ${parent}` : undefined;
  if (eventId !== undefined) return known.events.has(eventId) ? `${workflow} of event ${eventId}` : undefined;
  if (scheduleId !== undefined) return `slot ${scheduledAt} of ${scheduleId}`;
  return known.asked.has(`${workflow} ${key}`) ? `${workflow} ${key}` : undefined;
}

/** A3: each step has one result, and an execution that returned it. */
function wrongResults(evidence: Evidence): string[] {
  const returned = new Set(evidence.of("ret").map(({ nonce, run, step }) => `${run} ${step} ${nonce}`));
  return evidence.recorded.runs.flatMap(({ outcomes, run }) => [
    ...repeated(outcomes.map(({ step }) => step)).map((step) => `A3: step ${step} of ${run} has two results`),
    ...outcomes
      .filter(({ nonce, step }) => nonce !== undefined && !returned.has(`${run} ${step} ${nonce}`))
      .map(({ nonce, step }) => `A3: step ${step} of ${run} has the result ${nonce}, which no execution returned`),
  ]);
}

/** A4: what a step was handed is what is recorded of the steps before it. */
function unrecordedInputs(evidence: Evidence): string[] {
  return evidence
    .of("exec")
    .filter(({ saw }) => saw.some((nonce) => !evidence.nonces.has(nonce)))
    .map(({ by, run, saw, step }) => `A4: step ${step} of ${run} by ${by} saw ${saw.join(", ")}: not all is recorded`);
}

/** The steps whose results make the output of a workflow, in order; of `link` it is a child's. */
const STEPS: Readonly<Record<string, readonly string[]>> = {
  link: ["link"],
  order: ["one", "two", "left", "right", "link", "three"],
  mailbox: NOTES.map((n) => `note-${n}`),
  race: ["before", "after"],
  long: Array.from({ length: LONG_STEPS }, (_, n) => `long-${n + 1}`),
  shout: ["word"],
  listener: ["heard"],
  echo: ["echo"],
  saga: ["do", "undo"],
  metered: ["first", "second"],
  tick: ["tick"],
  tock: ["tock"],
};

/** A5: the output is made of the recorded results. */
function wrongOutputs(evidence: Evidence): string[] {
  const children = new Map<string, RecordedRun[]>();
  for (const run of evidence.recorded.runs) if (run.parent !== undefined) push(children, run.parent, run);
  const wentOn = new Set(evidence.recorded.runs.map(({ continuedFrom }) => continuedFrom));
  return evidence.recorded.runs.flatMap((run) => {
    if (run.status !== "completed" || wentOn.has(run.run)) return [];
    const saw = run.output?.saw ?? [];
    const wanted =
      run.workflow === "generations" ? chainOf(run, evidence.runs) : expected(run, children.get(run.run) ?? []);
    return saw.join() === wanted.join() && saw.length > 0
      ? []
      : [`A5: run ${run.run} of ${run.workflow} has the output ${saw.join()}, its steps ${wanted.join()}`];
  });
}

function expected(run: RecordedRun, children: readonly RecordedRun[]): readonly (string | undefined)[] {
  const given = [run, ...children].flatMap(({ outcomes }) => outcomes);
  return (STEPS[run.workflow] ?? []).map((name) => given.find(({ step }) => step === name)?.nonce);
}

/** What each generation gave, the first one first. */
function chainOf(last: RecordedRun, runs: ReadonlyMap<string, RecordedRun>): readonly (string | undefined)[] {
  const chain: (string | undefined)[] = [];
  for (let run: RecordedRun | undefined = last; run !== undefined; run = runs.get(run.continuedFrom ?? ""))
    chain.unshift(run.outcomes[0]?.nonce);
  return chain.length === GENERATIONS ? chain : [`${chain.length} generations`];
}

/** A5: every client was given what is recorded, whenever it asked. */
function wrongAnswers(evidence: Evidence): string[] {
  const next = new Map(evidence.recorded.runs.map((run) => [run.continuedFrom, run]));
  return evidence.of("ackResult").flatMap(({ output, run, status }) => {
    const last = lastOf(evidence.runs.get(run), next);
    const isSame = last?.status === status && isSameOutput(last.output, output);
    return isSame
      ? []
      : [`A5: a client was told that run ${run} is ${status} ${JSON.stringify(output)}, and it is not`];
  });
}

/** The run that it went on as in the end. */
function lastOf(
  run: RecordedRun | undefined,
  next: ReadonlyMap<string | undefined, RecordedRun>,
): RecordedRun | undefined {
  const on = run === undefined ? undefined : next.get(run.run);
  return on === undefined ? run : lastOf(on, next);
}

function isSameOutput(one: Output | undefined, other: Output | undefined): boolean {
  return JSON.stringify([one?.saw, one?.heard]) === JSON.stringify([other?.saw, other?.heard]);
}
