import { CHAIN_STEPS, type LedgerLine } from "@kagzi/test-support";

/** A run as the engine has it when everything is over. */
export interface RecordedRun {
  readonly run: string;
  readonly key: string;
  readonly status: string;
  readonly output: string | undefined;
  readonly steps: readonly { readonly name: string; readonly status: string; readonly output: string | undefined }[];
}

type Lines<Kind extends LedgerLine["kind"]> = readonly Extract<LedgerLine, { kind: Kind }>[];

/** What the engine promised and did not keep, by what the ledger saw: one line for each breach. */
export function findBreaches(
  ledger: readonly LedgerLine[],
  runs: readonly RecordedRun[],
  options: { readonly leaseMs: number },
): string[] {
  const byId = new Map(runs.map((run) => [run.run, run]));
  return [
    ...nothingLost(ledger, byId),
    ...nothingInvented(ledger, runs),
    ...runs.flatMap((run) => oneResultEach(ledger, run)),
    ...runs.flatMap((run) => everyReaderSawIt(ledger, run)),
    ...runs.flatMap((run) => oneOutput(ledger, run)),
    ...runs.flatMap((run) => nothingAfterTheEnd(ledger, run, options.leaseMs / 3)),
    ...runs.flatMap((run) => fewRepetitions(ledger, run, options.leaseMs)),
  ];
}

/** Executions for each attempt of a step that was made. */
export function executionsPerAttempt(ledger: readonly LedgerLine[]): number {
  const execs = ofKind(ledger, "exec");
  const attempts = new Set(execs.map(({ attempt, run, step }) => `${run} ${step} ${attempt}`));
  return execs.length / attempts.size;
}

/** A1: what was acknowledged is there, and has come to its end. */
function nothingLost(ledger: readonly LedgerLine[], runs: ReadonlyMap<string, RecordedRun>): string[] {
  return ofKind(ledger, "ackStart")
    .filter(({ run }) => runs.get(run)?.status !== "completed")
    .map(({ key, run }) => `A1: ${key}, run ${run}, was acknowledged and is ${runs.get(run)?.status ?? "lost"}`);
}

/** A2: no run that nobody started, and one for each key. */
function nothingInvented(ledger: readonly LedgerLine[], runs: readonly RecordedRun[]): string[] {
  const asked = new Set(ofKind(ledger, "start").map(({ key }) => key));
  const seen = new Set<string>();
  return runs.flatMap(({ key, run }) => {
    if (!asked.has(key)) return [`A2: nobody started ${key}, run ${run}`];
    if (seen.has(key)) return [`A2: a second run for ${key}: ${run}`];
    seen.add(key);
    return [];
  });
}

/** A3: each step has one result, and an execution that returned it. */
function oneResultEach(ledger: readonly LedgerLine[], { run, steps }: RecordedRun): string[] {
  const returned = ofKind(ledger, "ret").filter((line) => line.run === run);
  const wrong = steps
    .filter(({ name, output }) => !returned.some(({ nonce, step }) => step === name && nonce === output))
    .map(({ name, output }) => `A3: step ${name} of ${run} has the result ${output}, which no execution returned`);
  const names = new Set(steps.map(({ name }) => name));
  if (names.size !== CHAIN_STEPS || steps.length !== CHAIN_STEPS) {
    wrong.push(`A3: run ${run} has the steps ${steps.map(({ name }) => name).join(", ")}`);
  }
  return wrong;
}

/** A4: what a step was handed is what is recorded of the steps before it. */
function everyReaderSawIt(ledger: readonly LedgerLine[], { run, steps }: RecordedRun): string[] {
  const recorded = new Set(steps.map(({ output }) => output));
  return ofKind(ledger, "exec")
    .filter((line) => line.run === run && line.saw.some((nonce) => !recorded.has(nonce)))
    .map(({ saw, step }) => `A4: step ${step} of ${run} saw ${saw.join(",")}, which is not what was recorded`);
}

/** A5: the output is made of the recorded results, and is what every client was given. */
function oneOutput(ledger: readonly LedgerLine[], { key, output, run, steps }: RecordedRun): string[] {
  const order = ["one", "two", "left", "right", "five", "six", "seven", "eight"];
  // The event that was sent to the run has its key.
  const expected = [...order.map((name) => steps.find((step) => step.name === name)?.output), key].join(",");
  const wrong = output === expected ? [] : [`A5: run ${run} has the output ${output}, its steps ${expected}`];
  const given = ofKind(ledger, "ackResult").filter((line) => line.run === run && line.output !== output);
  return [...wrong, ...given.map((line) => `A5: a client was given ${line.output} for run ${run}, not ${output}`)];
}

/** A8: no step begins after a client was told of the end. A worker that lost its lease notices within a heartbeat. */
function nothingAfterTheEnd(ledger: readonly LedgerLine[], { run }: RecordedRun, heartbeatMs: number): string[] {
  const end = ofKind(ledger, "ackResult").find((line) => line.run === run);
  if (end === undefined) return [`A8: nobody was given the result of run ${run}`];
  return ofKind(ledger, "exec")
    .filter((line) => line.run === run && line.at > end.at + heartbeatMs)
    .map(({ by, step }) => `A8: ${by} began step ${step} of ${run} after its end`);
}

/** A9: an attempt is executed again only because something was broken, while it went on or so shortly before that it was noticed then. */
function fewRepetitions(ledger: readonly LedgerLine[], { run }: RecordedRun, leaseMs: number): string[] {
  const faults = ofKind(ledger, "fault");
  const execs = new Map<string, Extract<LedgerLine, { kind: "exec" }>[]>();
  for (const line of ofKind(ledger, "exec").filter((each) => each.run === run)) {
    const what = `${line.step}, attempt ${line.attempt},`;
    execs.set(what, [...(execs.get(what) ?? []), line]);
  }
  return Array.from(execs).flatMap(([what, times]) => {
    const from = (times[0]?.at ?? 0) - 3 * leaseMs;
    const until = times.at(-1)?.at ?? 0;
    const excuses = faults.filter(({ at }) => at >= from && at <= until).length;
    return times.length <= 1 + excuses ? [] : [`A9: step ${what} of ${run} was executed ${times.length} times`];
  });
}

function ofKind<Kind extends LedgerLine["kind"]>(ledger: readonly LedgerLine[], kind: Kind): Lines<Kind> {
  return ledger.filter((line): line is Extract<LedgerLine, { kind: Kind }> => line.kind === kind);
}
