import { quoteId } from "./error.ts";
import { parseStepKey } from "./record.ts";
import type { Instant } from "./time.ts";
import { unreachable } from "./unreachable.ts";
import { MAX_AHEAD, type WaitingFor } from "./waiting-for.ts";

/** A reason as one sentence. */
export function sentenceOf(reason: WaitingFor): string {
  switch (reason.reason) {
    case "time":
      return timeSentence(reason);
    case "worker":
      return `no worker has ${reason.workflow}; ${instead(reason)}`;
    case "slot":
      return slotSentence(reason);
    case "limit":
      return limitSentence(reason);
    case "throttle":
      return throttleSentence(reason);
    case "paused":
      return reason.workerId === undefined
        ? `paused: ${reason.error.message}`
        : `to be paused, when its worker gives it back: ${reason.error.message}`;
    case "event":
      return eventSentence(reason);
    case "child":
      return `waits for child ${quoted(reason.step)}, run ${reason.childRunId}${
        reason.childStatus === undefined ? "" : `, which is ${reason.childStatus}`
      }`;
    case "step":
      return `step ${quoted(reason.step)} (attempt ${reason.attempt}) has been running since ${iso(reason.since)}`;
    case "code":
      return "the workflow's own code is running: it awaits something that it did not ask its context for";
    case "running":
      return `worker ${reason.workerId} has it since ${iso(reason.since)}, and nothing has taken long`;
    case "cancelling":
      return `${reason.error.message}; its code may clean up${reason.until === undefined ? "" : ` until ${iso(reason.until)}`}`;
    case "ended":
      return endSentence(reason);
    case "namespace":
      return `namespace ${quoteId(reason.namespaceId)} is disabled: nothing new starts in it`;
    default:
      return unreachable(reason);
  }
}

function timeSentence(reason: Extract<WaitingFor, { reason: "time" }>): string {
  const { attempt, error, step = "", timer } = reason;
  const until = iso(reason.until);
  const why = error === undefined ? "" : ` (${error.message})`;
  switch (timer) {
    case "start":
      return `starts at ${until}`;
    case "sleep":
      return step === "" ? `sleeps until ${until}` : `sleeps until ${until} (${quoted(step)})`;
    case "stepRetry":
      return `attempt ${attempt} of step ${quoted(step)} failed${why}, the next one is due at ${until}`;
    case "runRetry":
      return `attempt ${attempt} of the run failed${why}, the next one begins at ${until}`;
    case "takeover":
      return `its worker was lost ${attempt} times in a row before anything was recorded: it may be taken again at ${until}`;
    case "deadline":
      return `its time was over at ${until}: nobody is given it any more, and it is about to be ended`;
    default:
      return unreachable(timer);
  }
}

function instead({ draining, offered, taskQueues }: Extract<WaitingFor, { reason: "worker" }>): string {
  const known = offered.length === 0 ? "no worker is online" : `online workers have ${offered.join(", ")}`;
  const finishing = draining === 0 ? "" : `; ${draining} that have it finish what they hold and take no more`;
  const queues = taskQueues.map(quoted).join(", ");
  return `${known}${finishing}${queues === "" ? "" : `; workers of task queue ${queues} have it`}`;
}

function eventSentence({ key, step, until }: Extract<WaitingFor, { reason: "event" }>): string {
  if (step === "") return "waits for an event or a child that it asked for many records ago";
  const withKey = key === undefined ? "" : ` with key ${quoted(key)}`;
  return `waits for event ${quoted(step)}${withKey}${until === undefined ? "" : ` until ${iso(until)}`}`;
}

function slotSentence({ ahead, slots, taken, workerCount }: Extract<WaitingFor, { reason: "slot" }>): string {
  const count = ahead >= MAX_AHEAD ? `${MAX_AHEAD} or more` : String(ahead);
  const others = ahead === 0 ? "" : `; ${count} run(s) go before it`;
  return taken < slots
    ? `${workerCount} worker(s) have this workflow, with ${taken} of ${slots} slots taken: it is about to be taken${others}`
    : `${workerCount} worker(s) have this workflow, and no free slot: ${taken} of ${slots} are taken${others}`;
}

function limitSentence(reason: Extract<WaitingFor, { reason: "limit" }>): string {
  const { holders, key, limit, name, step = "", waiting = 0 } = reason;
  const by = holders.length === 0 ? "" : `, by ${holders.map((runId) => `run ${runId}`).join(", ")}`;
  if (name !== undefined) {
    const line = waiting > 1 ? `; ${waiting} steps wait for one` : "";
    return `step ${quoted(step)} waits for a slot of limit ${quoted(name)}: all ${limit} are held${by}${line}`;
  }
  const whose =
    key === undefined
      ? "of its workflow"
      : `of its workflow for ${key === "" ? "inputs without the key" : quoted(key)}`;
  return `${limit} run(s) ${whose} may go on at once, and the places are held${by}`;
}

function throttleSentence(reason: Extract<WaitingFor, { reason: "throttle" }>): string {
  const { key, limit, name, perMs, step = "", until } = reason;
  const when = until === undefined ? "" : `: the next one may begin at ${iso(until)}`;
  const whose = key === undefined || key === "" ? "" : ` for ${quoted(key)}`;
  return name === undefined
    ? `${limit} run(s) of its workflow${whose} may begin within ${perMs} ms, and have${when}`
    : `step ${quoted(step)} waits for limit ${quoted(name)}: ${limit} step(s) may begin within ${perMs} ms, and have${when}`;
}

function endSentence({ continuedAs, error, since, status }: Extract<WaitingFor, { reason: "ended" }>): string {
  if (continuedAs !== undefined) return `ended at ${iso(since)} and went on as run ${continuedAs}`;
  return `${status} at ${iso(since)}${error === undefined ? "" : `: ${error.code}: ${error.message}`}`;
}

/** What to do about a run that is held back for this. */
export function adviceOn(reason: WaitingFor): string {
  switch (reason.reason) {
    case "time":
      return TIMER_ADVICE[reason.timer];
    case "worker":
      return reason.taskQueues.length > 0
        ? "start a worker in the run's task queue, or start the run in the workers'"
        : `start a worker that has ${reason.workflow}, or cancel the run and start it in a version that workers have`;
    case "slot":
      return reason.taken < reason.slots
        ? "wait a moment; if it stays so, look at the logs of the server and the workers"
        : "wait, start more workers, or raise their concurrency; a higher priority goes first";
    case "limit":
      return reason.name === undefined
        ? "wait for one of them, or raise the limit: client.workflows.setLimits()"
        : "wait for one of them, or raise the limit: client.limits.set()";
    case "throttle":
      return reason.name === undefined
        ? "wait, or raise the limit: client.workflows.setLimits()"
        : "wait, or raise the limit: client.limits.set()";
    case "paused":
      return reason.error.code === "NONDETERMINISM"
        ? "start a worker whose code matches the history (it goes on by itself), or terminate the run and rerun it"
        : "resume it: run.resume()";
    case "event":
      return reason.step === ""
        ? "list its steps: those that are pending are what it waits for"
        : `send the event: run.send(${quoted(parseStepKey(reason.step).name)}${reason.key === undefined ? "" : `, payload, { key: ${quoted(reason.key)} }`}); a run that nobody will send it to can be cancelled`;
    case "child":
      return `explain the child: kagzi run explain ${reason.childRunId}`;
    case "step":
      return "wait, or look at what the step's function is doing; an attempt without a timeout may take for ever";
    case "code":
      return "await only what the context gives (steps, sleeps, events, children); everything else belongs into a step";
    case "running":
      return "nothing: it is being executed";
    case "cancelling":
      return "wait for its clean-up, or end it at once: run.terminate()";
    case "ended":
      return endAdvice(reason);
    case "namespace":
      return `to start or rerun runs enable it: client.namespaces.enable(${quoteId(reason.namespaceId)})`;
    default:
      return unreachable(reason);
  }
}

const TIMER_ADVICE = {
  start: "nothing: it starts by itself",
  sleep: "nothing: it goes on by itself",
  stepRetry: "nothing if the error passes; otherwise mend its cause, or cancel the run",
  runRetry: "nothing if the error passes; otherwise mend its cause, or cancel the run",
  takeover: "look in the logs of its workers for what ends them (memory, process.exit)",
  deadline: "nothing: it is ended by itself; start the next one with a longer timeout or startTimeout",
} as const;

function endAdvice({ continuedAs, status }: Extract<WaitingFor, { reason: "ended" }>): string {
  if (continuedAs !== undefined) return `explain the run that goes on: kagzi run explain ${continuedAs}`;
  switch (status) {
    case "completed":
      return "nothing: its result is there, run.result()";
    case "failed":
      return "mend the cause, then client.runs.retry() goes on from where it failed; client.runs.rerun() makes a new run";
    default:
      return "client.runs.rerun() makes a new run, with the steps that it had completed";
  }
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function iso(at: Instant): string {
  return new Date(at).toISOString();
}
