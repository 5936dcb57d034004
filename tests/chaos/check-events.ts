import type { Output } from "./entries.ts";
import { type Evidence, repeated } from "./evidence.ts";
import type { RecordedEvent, RecordedRun, RecordedSchedule } from "./recorded.ts";

/** A6: every event is kept once, and came once and in order to the run that waited for it. */
export function brokenEvents(evidence: Evidence): string[] {
  return [...lostEvents(evidence), ...wrongTakers(evidence), ...wrongHearing(evidence), ...wrongEchoes(evidence)];
}

function lostEvents(evidence: Evidence): string[] {
  const { events } = evidence.recorded;
  const kept = new Set(events.map(({ id }) => id));
  const sent = evidence.of("ackSend").filter(({ run }) => run === undefined);
  const known = new Set(sent.map(({ id }) => id));
  return [
    ...sent.filter(({ id }) => !kept.has(id)).map(({ id }) => `A6: event ${id} was acknowledged and is lost`),
    ...repeated(events.map(({ id }) => id)).map((id) => `A6: event ${id} is kept twice`),
    ...events
      .filter(({ id, name }) => name !== "shout" && !known.has(id))
      .map(({ id }) => `A6: nobody sent event ${id}`),
  ];
}

function wrongTakers(evidence: Evidence): string[] {
  const keys = new Map(evidence.recorded.runs.map((run) => [run.key, run]));
  return evidence.recorded.events.flatMap((event) => {
    const { key = "", name } = event;
    const taker = keys.get(name === "shout" ? `${key}-listener` : key);
    if (taker !== undefined && evidence.wasGivenUp(taker.run)) return [];
    const wanted = takersOf(event, keys);
    return event.taken === wanted ? [] : [`A6: event ${event.id} was taken ${event.taken} times, not ${wanted}`];
  });
}

/** One run waits for each event, and one of them may have stopped waiting. */
function takersOf({ key, name }: RecordedEvent, keys: ReadonlyMap<string | undefined, RecordedRun>): number {
  if (name !== "maybe") return 1;
  return keys.get(key)?.output?.heard[0] === "maybe" ? 1 : 0;
}

function wrongHearing(evidence: Evidence): string[] {
  const hears = new Map(evidence.of("start").map((line) => [line.key, line.hears]));
  const keys = new Map(evidence.recorded.runs.map((run) => [run.key, run]));
  return evidence.recorded.runs.flatMap(({ key = "", output, run, status, workflow }) => {
    if (status !== "completed" || output === undefined || workflow === "echo") return [];
    const word = keys.get(key.replace("-listener", ""))?.outcomes[0]?.nonce ?? null;
    const allowed: readonly Output["heard"][] = workflow === "listener" ? [[word]] : (hears.get(key) ?? [[]]);
    return allowed.some((each) => each.join() === output.heard.join())
      ? []
      : [`A6: run ${run} of ${workflow} heard ${JSON.stringify(output.heard)}, not ${JSON.stringify(allowed)}`];
  });
}

/** Of each event that starts runs there is one. */
function wrongEchoes(evidence: Evidence): string[] {
  const shouts = evidence.recorded.events.filter(({ name }) => name === "shout");
  const echoed = new Set(
    evidence.recorded.runs.filter(({ workflow }) => workflow === "echo").map((run) => run.eventId),
  );
  const spoke = evidence.recorded.runs.filter(({ status, workflow }) => workflow === "shout" && status === "completed");
  const heard = new Set(shouts.map(({ key }) => key));
  return [
    ...shouts.filter(({ id }) => !echoed.has(id)).map(({ id }) => `A6: event ${id} has started nothing`),
    ...spoke
      .filter(({ key }) => !heard.has(key))
      .map(({ run }) => `A6: run ${run} has sent an event that is not there`),
    ...repeated(shouts.map(({ key = "" }) => key)).map((key) => `A6: run ${key} has sent its event twice`),
  ];
}

/** A7: from the beginning of a schedule to its watermark each slot has one run. */
export function brokenSchedules(evidence: Evidence): string[] {
  return evidence.recorded.schedules.flatMap((schedule) => {
    const fired = evidence.recorded.runs
      .filter(({ scheduleId }) => scheduleId === schedule.id)
      .map(({ scheduledAt = Number.NaN }) => scheduledAt);
    const wanted = new Set(slotsOf(schedule));
    const found = new Set(fired);
    return [
      ...[...wanted].filter((slot) => !found.has(slot)).map((slot) => `A7: slot ${slot} of ${schedule.id} has no run`),
      ...fired
        .filter((slot) => !wanted.has(slot))
        .map((slot) => `A7: slot ${slot} of ${schedule.id} is none, and has a run`),
      ...repeated(fired.map(String)).map((slot) => `A7: slot ${slot} of ${schedule.id} has two runs`),
    ];
  });
}

function slotsOf({ createdAt, everyMs, watermark }: RecordedSchedule): readonly number[] {
  const slots: number[] = [];
  for (let at = (Math.floor(createdAt / everyMs) + 1) * everyMs; at <= watermark; at += everyMs) slots.push(at);
  return slots;
}
