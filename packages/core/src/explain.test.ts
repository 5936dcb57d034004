import { describe, expect, it } from "vitest";
import type { ErrorDetail } from "./error.ts";
import { type ExplainFacts, reasonsOf } from "./explain.ts";
import { adviceOn, sentenceOf } from "./explain-text.ts";
import type { NamespaceId, RunId, WorkerId } from "./ids.ts";
import type { Standing } from "./held-back.ts";
import type { HistoryRecord } from "./record.ts";
import type { Run, RunState } from "./run.ts";
import { stepsOf } from "./steps.ts";
import { MAX_AHEAD, type WaitingFor } from "./waiting-for.ts";
import type { Worker } from "./worker.ts";
import type { WorkflowLimits } from "./workflow-limits.ts";

const NOW = Date.UTC(2030, 0, 1);
const LATER = NOW + 1000;
const [runId, childRunId, other] = ["run", "child", "other"] as RunId[] as [RunId, RunId, RunId];
const workerId = "w1" as WorkerId;
const namespaceId = "default" as NamespaceId;
const failure: ErrorDetail = { code: "INTERNAL", message: "no courier", nonRetryable: false };

function runOf(state: RunState, change: Partial<Run> = {}): Run {
  const about = { namespaceId, runId, taskQueue: "", workflowType: "order", version: "1", priority: 0, attempt: 1 };
  return { ...about, epoch: 1, crashes: 0, createdAt: NOW - 5000, signals: 0, ...change, ...state };
}

function recordOf(change: Partial<HistoryRecord>): HistoryRecord {
  const times = { recordedAt: NOW - 100, observedAt: NOW - 100 };
  return {
    seq: 2,
    epoch: 1,
    kind: "function",
    type: "started",
    name: "a",
    occurrence: 1,
    attempt: 1,
    ...times,
    ...change,
  };
}

function workerOf(change: Partial<Worker> = {}): Worker {
  const stats = { activeCount: 2, totalCompleted: 0, totalFailed: 0 };
  const about = {
    namespaceId,
    workerId,
    taskQueue: "",
    maxConcurrent: 2,
    hostname: "",
    pid: 1,
    version: "",
    labels: {},
  };
  const workflows = [{ workflowType: "order", version: "1" }];
  const times = { registeredAt: NOW, lastHeartbeatAt: NOW - 50 };
  return { ...stats, ...about, workflows, workflowTypeConcurrency: {}, status: "online", ...times, ...change };
}

function explain(run: Run, facts: Partial<ExplainFacts> = {}, history: readonly HistoryRecord[] = []) {
  const nothing = { workers: [], running: [], ahead: 0, children: new Map(), slotWaits: [], isDisabled: false };
  const last = history.at(-1);
  const steps = [...stepsOf(history).values()];
  return reasonsOf({ run, now: NOW, ...nothing, steps, ...(last && { lastRecord: last }), ...facts });
}

/** Each reason as people read it, with what to do. */
function told(reasons: readonly WaitingFor[]): readonly string[] {
  return reasons.map((reason) => `${reason.reason}: ${sentenceOf(reason)} -> ${adviceOn(reason).slice(0, 30)}`);
}

const running = { status: "running", workerId, claimedAt: NOW - 500 } as const;
const pending = { status: "pending", availableAt: NOW } as const;
const sleeping = { status: "sleeping", availableAt: LATER } as const;
const waiting = { status: "waiting" } as const;

describe("a run that a limit holds back", () => {
  const ready = (limits: WorkflowLimits, change: Partial<Standing> = {}, run: Partial<Run> = {}) =>
    told(
      explain(runOf(pending, { limitKey: "acme", throttleKey: "eu", ...run }), {
        workers: [workerOf()],
        standing: { limits, all: { running: 0, holders: [] }, ofKey: { running: 0, holders: [] }, ...change },
      }),
    );
  const held = { running: 2, holders: [other] };

  it("waits for a place of its key, or of all runs, and is told who has them", () => {
    expect(ready({ concurrency: [{ limit: 2, key: "customer" }] }, { ofKey: held })).toEqual([
      'limit: 2 run(s) of its workflow for "acme" may go on at once, and the places are held, by run other -> wait for one of them, or raise',
    ]);
    expect(ready({ concurrency: [{ limit: 2, key: "customer" }] }, { ofKey: held }, { limitKey: "" })[0]).toContain(
      "for inputs without the key",
    );
    expect(ready({ concurrency: [{ limit: 2 }] }, { all: { running: 2, holders: [] } })).toEqual([
      "limit: 2 run(s) of its workflow may go on at once, and the places are held -> wait for one of them, or raise",
    ]);
    const unkeyed = explain(runOf(pending), {
      workers: [workerOf()],
      standing: { limits: { concurrency: [{ limit: 1, key: "k" }] }, all: held, ofKey: held },
    });
    expect(unkeyed).toMatchObject([{ reason: "limit", key: "" }]);
  });

  it("waits until a throttle lets the next one begin", () => {
    const limits = { concurrency: [], throttle: { limit: 5, perMs: 60_000, key: "region" } };
    expect(ready(limits, { throttle: { begun: 5, until: LATER } })).toEqual([
      `throttle: 5 run(s) of its workflow for "eu" may begin within 60000 ms, and have: the next one may begin at ${new Date(LATER).toISOString()} -> wait, or raise the limit: clie`,
    ]);
    const nothing = { running: 0, holders: [] };
    const standing = { limits, all: nothing, ofKey: nothing, throttle: { begun: 5 } };
    expect(explain(runOf(pending), { workers: [workerOf()], standing })).toMatchObject([
      { reason: "throttle", key: "" },
    ]);
    const unkeyed = { concurrency: [], throttle: { limit: 5, perMs: 60_000 } };
    expect(ready(unkeyed, { throttle: { begun: 5 } })[0]).toContain(
      "5 run(s) of its workflow may begin within 60000 ms, and have",
    );
    expect(ready(limits, { throttle: { begun: 5 } }, { throttleKey: "" })[0]).not.toContain("for");
  });

  it("waits for a slot of a worker where no limit is in its way", () => {
    const limits = { concurrency: [{ limit: 3 }], throttle: { limit: 5, perMs: 60_000 } };
    expect(ready(limits, { throttle: { begun: 4 } })[0]).toMatch(/^slot/);
    expect(ready(limits)[0]).toMatch(/^slot/);
    expect(ready({ concurrency: [] })[0]).toMatch(/^slot/);
  });

  it("waits with a step for a slot of a named limit", () => {
    const wait = { name: "api", step: "ask", since: NOW, held, throttle: { begun: 0 }, waiting: 1 };
    const slotWaits = [
      { ...wait, limits: { concurrency: [{ limit: 2 }] } },
      { ...wait, waiting: 7, limits: { concurrency: [{ limit: 2 }] } },
      {
        ...wait,
        limits: { concurrency: [], throttle: { limit: 9, perMs: 1000 } },
        throttle: { begun: 9, until: LATER },
      },
      { ...wait, limits: { concurrency: [], throttle: { limit: 9, perMs: 1000 } }, throttle: { begun: 9 } },
    ];
    expect(told(explain(runOf(waiting), { slotWaits }))).toEqual([
      'limit: step "ask" waits for a slot of limit "api": all 2 are held, by run other -> wait for one of them, or raise',
      'limit: step "ask" waits for a slot of limit "api": all 2 are held, by run other; 7 steps wait for one -> wait for one of them, or raise',
      `throttle: step "ask" waits for limit "api": 9 step(s) may begin within 1000 ms, and have: the next one may begin at ${new Date(LATER).toISOString()} -> wait, or raise the limit: clie`,
      'throttle: step "ask" waits for limit "api": 9 step(s) may begin within 1000 ms, and have -> wait, or raise the limit: clie',
    ]);
    const both = { concurrency: [{ limit: 2 }], throttle: { limit: 9, perMs: 1000 } };
    const free = { running: 1, holders: [] };
    const reasonOf = (change: object) =>
      explain(runOf(waiting), { slotWaits: [{ ...wait, limits: both, ...change }] })[0].reason;
    expect(reasonOf({ held: free, throttle: { begun: 9 } })).toBe("throttle");
    expect(reasonOf({ held: free, throttle: { begun: 8 } })).toBe("limit");
    expect(reasonOf({ throttle: { begun: 9 } })).toBe("limit");
    const [first] = slotWaits.slice(0, 1).map((each) => ({ ...each, limits: { concurrency: [{ limit: 3 }] } }));
    // It is about to be called.
    expect(explain(runOf(running), { slotWaits: first === undefined ? [] : [first] })).toMatchObject([
      { reason: "running" },
      { reason: "limit", limit: 3 },
    ]);
  });
});

describe("a run that is held", () => {
  it("moves, as far as is known", () => {
    expect(told(explain(runOf(running), { holder: workerOf() }))).toEqual([
      "running: worker w1 has it since 2029-12-31T23:59:59.500Z, and nothing has taken long -> nothing: it is being executed",
    ]);
    expect(explain(runOf(running), { holder: workerOf() })).toMatchObject([{ heardAt: NOW - 50 }]);
    expect(explain(runOf(running))[0]).not.toHaveProperty("heardAt");
  });

  it("is busy with steps, or with its own code, if that is said of this lease", () => {
    const step = { name: "charge", occurrence: 2, attempt: 3, startedAt: NOW - 60 };
    expect(told(explain(runOf(running), { activity: { epoch: 1, steps: [step] } }))).toEqual([
      'step: step "charge#2" (attempt 3) has been running since 2029-12-31T23:59:59.940Z -> wait, or look at what the step',
    ]);
    const many = Array.from({ length: 12 }, () => step);
    expect(explain(runOf(running), { activity: { epoch: 1, steps: many } })).toHaveLength(10);
    expect(told(explain(runOf(running), { activity: { epoch: 1, steps: [] } }))).toEqual([
      "code: the workflow's own code is running: it awaits something that it did not ask its context for -> " +
        "await only what the context gi",
    ]);
    expect(explain(runOf(running), { activity: { epoch: 0, steps: [] } })).toMatchObject([{ reason: "running" }]);
  });

  it("is asked to clean up, or to stop", () => {
    const cancelError: ErrorDetail = { code: "CANCELLED", message: "run was cancelled", nonRetryable: true };
    expect(told(explain(runOf(running, { cancelError, deadlineAt: LATER })))[0]).toBe(
      "cancelling: run was cancelled; its code may clean up until 2030-01-01T00:00:01.000Z -> wait for its clean-up, or end ",
    );
    expect(sentenceOf({ reason: "cancelling", error: cancelError })).toBe("run was cancelled; its code may clean up");
    expect(told(explain(runOf(running, { pauseError: failure, workerId })))[0]).toBe(
      "paused: to be paused, when its worker gives it back: no courier -> resume it: run.resume()",
    );
    expect(explain(runOf(pending, { pauseError: failure }))[0]).toEqual({ reason: "paused", error: failure });
  });
});

describe("a run whose time is over", () => {
  it("is about to be ended, whatever it waits for", () => {
    const [late, worker] = told(explain(runOf(pending, { deadlineAt: NOW })));
    expect(late).toBe(
      "time: its time was over at 2030-01-01T00:00:00.000Z: nobody is given it any more, and it is about to be ended -> nothing: it is ended by itself",
    );
    expect(worker).toContain("worker: no worker has order@1");
    expect(explain(runOf(sleeping, { deadlineAt: NOW + 1 }))[0]).toMatchObject({ timer: "sleep" });
    expect(explain(runOf({ status: "completed", finishedAt: NOW }, { deadlineAt: NOW }))).toMatchObject([
      { reason: "ended" },
    ]);
  });
});

describe("a run that waits for a time", () => {
  const asleep = recordOf({ kind: "sleep", name: "nap", dueAt: LATER });

  it("starts later, sleeps, or has a step that is tried again", () => {
    expect(told(explain(runOf({ ...pending, availableAt: LATER })))).toEqual([
      "time: starts at 2030-01-01T00:00:01.000Z -> nothing: it starts by itself",
    ]);
    expect(told(explain(runOf(sleeping), {}, [asleep]))).toEqual([
      'time: sleeps until 2030-01-01T00:00:01.000Z ("nap") -> nothing: it goes on by itself',
    ]);
    const failed = recordOf({ seq: 3, type: "retrying", name: "ship", attempt: 2, error: failure, dueAt: LATER });
    expect(told(explain(runOf(sleeping), {}, [asleep, failed]))).toEqual([
      'time: attempt 2 of step "ship" failed (no courier), the next one is due at 2030-01-01T00:00:01.000Z -> ' +
        "nothing if the error passes; o",
      expect.stringContaining("nap"),
    ]);
    const unknown = explain(runOf(sleeping), {}, [recordOf({ type: "retrying", dueAt: LATER })]);
    expect(unknown[0]).not.toHaveProperty("error");
    expect(told(unknown)[0]).toContain('attempt 1 of step "a" failed, the next');
  });

  it("sleeps where the wait is not among the records that were looked at", () => {
    expect(told(explain(runOf(sleeping)))).toEqual([
      "time: sleeps until 2030-01-01T00:00:01.000Z -> nothing: it goes on by itself",
    ]);
  });

  it("begins another attempt of its own, whatever it waited for before", () => {
    const retrying = recordOf({ seq: 3, kind: "run", type: "retrying", name: "", error: failure, dueAt: LATER });
    expect(told(explain(runOf(sleeping), {}, [asleep, retrying]))).toEqual([
      "time: attempt 1 of the run failed (no courier), the next one begins at 2030-01-01T00:00:01.000Z -> " +
        "nothing if the error passes; o",
    ]);
    const { error: _, ...silent } = retrying;
    expect(explain(runOf(sleeping), {}, [silent])[0]).not.toHaveProperty("error");
  });

  it("lost its workers", () => {
    expect(told(explain(runOf({ ...pending, availableAt: LATER }, { crashes: 2 })))[0]).toContain(
      "time: its worker was lost 2 times in a row before anything was recorded: it may be taken again at 2030",
    );
  });
});

describe("a run that waits for others", () => {
  it("waits for children first, then events, then times, each with its bounds", () => {
    const history = [
      recordOf({ seq: 2, kind: "sleep", name: "limit", dueAt: LATER }),
      recordOf({ seq: 3, kind: "event", name: "paid", occurrence: 2 }),
      recordOf({ seq: 4, kind: "event", name: "late", dueAt: LATER }),
      recordOf({ seq: 5, kind: "child", name: "ship", childRunId }),
      recordOf({ seq: 6, kind: "child", name: "bill", childRunId: other }),
      recordOf({ seq: 7, kind: "function", type: "completed", name: "done" }),
    ];
    const facts = { children: new Map([[childRunId, "paused"] as const]), eventKeys: new Map([["paid#2", "order-7"]]) };
    const reasons = explain(runOf(waiting), facts, history);
    expect(told(reasons)).toEqual([
      'child: waits for child "ship", run child, which is paused -> explain the child: kagzi run e',
      'child: waits for child "bill", run other -> explain the child: kagzi run e',
      'event: waits for event "paid#2" with key "order-7" -> send the event: run.send("paid',
      'event: waits for event "late" until 2030-01-01T00:00:01.000Z -> send the event: run.send("late',
      expect.stringContaining("limit"),
    ]);
    expect(adviceOn(reasons[2] as WaitingFor)).toContain('run.send("paid", payload, { key: "order-7" })');
    expect(adviceOn(reasons[3] as WaitingFor)).toContain('run.send("late")');
    expect(reasons[0]).toMatchObject({ since: NOW - 100, childRunId });
  });

  it("waits for what it asked for long ago", () => {
    expect(told(explain(runOf(waiting)))).toEqual([
      "event: waits for an event or a child that it asked for many records ago -> list its steps: those that are",
    ]);
    expect(explain(runOf(waiting, { startedAt: NOW - 7 }))).toMatchObject([{ since: NOW - 7 }]);
    expect(explain(runOf({ ...waiting, availableAt: LATER }))).toMatchObject([{ reason: "time", until: LATER }]);
  });

  it("whose time has come waits for a worker, too", () => {
    const history = [recordOf({ kind: "event", dueAt: NOW })];
    const reasons = explain(runOf({ ...waiting, availableAt: NOW }), {}, history);
    expect(reasons.map(({ reason }) => reason)).toEqual(["worker", "event"]);
    expect(explain(runOf({ ...waiting, availableAt: LATER }), {}, history)).toHaveLength(1);
  });
});

describe("a run that is ready", () => {
  it("has no worker: nobody is there, or they have other versions, drain, or are elsewhere", () => {
    expect(told(explain(runOf(pending)))).toEqual([
      "worker: no worker has order@1; no worker is online -> start a worker that has order@",
    ]);
    const workers = [
      workerOf({
        workflows: [
          { workflowType: "mail", version: "1" },
          { workflowType: "order", version: "2" },
        ],
      }),
      workerOf({ status: "draining" }),
      workerOf({ taskQueue: "gpu" }),
    ];
    expect(told(explain(runOf(pending), { workers }))).toEqual([
      "worker: no worker has order@1; online workers have order@2, mail@1; 1 that have it finish what they hold and " +
        'take no more; workers of task queue "gpu" have it -> start a worker in the run\'s ta',
    ]);
  });

  it("has workers without a free slot, and others go before it", () => {
    const workers = [workerOf(), workerOf({ workerId: "w2" as WorkerId })];
    const held = runOf(running);
    const elsewhere = runOf({ ...running, workerId: "w3" as WorkerId });
    const facts = { workers, running: [held, elsewhere, runOf(pending)], ahead: 3 };
    const [reason] = explain(runOf(pending), facts);
    expect(reason).toMatchObject({ workerCount: 2, slots: 4, taken: 4, holders: [runId], ahead: 3 });
    expect(told([reason])).toEqual([
      "slot: 2 worker(s) have this workflow, and no free slot: 4 of 4 are taken; 3 run(s) go before it -> " +
        "wait, start more workers, or r",
    ]);
    expect(told(explain(runOf(pending), { workers, ahead: MAX_AHEAD }))[0]).toContain("1000 or more run(s)");
    expect(told(explain(runOf(pending), { workers: [workerOf({ activeCount: 1 })] }))).toEqual([
      "slot: 1 worker(s) have this workflow, with 1 of 2 slots taken: it is about to be taken -> wait a moment; if it stays so,",
    ]);
  });
});

describe("a run that does not go on by itself", () => {
  it("is paused by somebody, or because its code does not match", () => {
    expect(told(explain(runOf({ status: "paused", pauseError: failure })))).toEqual([
      "paused: paused: no courier -> resume it: run.resume()",
    ]);
    const pauseError: ErrorDetail = { ...failure, code: "NONDETERMINISM" };
    expect(told(explain(runOf({ status: "paused", pauseError })))[0]).toContain("start a worker whose code matc");
  });

  it("has ended, in one of four ways", () => {
    const ends = (["completed", "failed", "cancelled"] as const).map((status) =>
      explain(runOf({ status, finishedAt: NOW }), status === "failed" ? { error: failure } : {}),
    );
    expect(ends.flatMap(told)).toEqual([
      "ended: completed at 2030-01-01T00:00:00.000Z -> nothing: its result is there, ",
      "ended: failed at 2030-01-01T00:00:00.000Z: INTERNAL: no courier -> mend the cause, then client.ru",
      "ended: cancelled at 2030-01-01T00:00:00.000Z -> client.runs.rerun() makes a ne",
    ]);
    expect(told(explain(runOf({ status: "completed", finishedAt: NOW }), { continuedAs: other }))).toEqual([
      "ended: ended at 2030-01-01T00:00:00.000Z and went on as run other -> explain the run that goes on: ",
    ]);
  });

  it("hears of a disabled namespace where that matters", () => {
    const isDisabled = true;
    const ended = explain(runOf({ status: "completed", finishedAt: NOW }), { isDisabled });
    expect(told(ended)[1]).toBe(
      'namespace: namespace "default" is disabled: nothing new starts in it -> to start or rerun runs enable ',
    );
    expect(explain(runOf(pending), { isDisabled })).toHaveLength(1);
    const error = { ...failure, subject: "namespace" };
    const refused = recordOf({ type: "retrying", error, dueAt: LATER });
    expect(explain(runOf(sleeping), { isDisabled }, [refused]).map(({ reason }) => reason)).toEqual([
      "time",
      "namespace",
    ]);
  });
});

describe("a reason that nobody has thought of", () => {
  it("is refused where it is put into words", () => {
    expect(() => sentenceOf({ reason: "surprise" } as never)).toThrow("no case");
    expect(() => adviceOn({ reason: "surprise" } as never)).toThrow("no case");
    expect(() => sentenceOf({ reason: "time", timer: "surprise", until: NOW } as never)).toThrow("no case");
  });
});
