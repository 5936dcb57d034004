import { describe, expect, it } from "vitest";
import type { NamespaceId, RunId, WorkerId } from "./ids.ts";
import {
  type HistoryRow,
  type MessageRow,
  type RunRow,
  type ScheduleRow,
  bareHistoryColumns,
  historyColumns,
  jsonColumn,
  metadataColumn,
  runColumns,
  scheduleColumns,
  messageColumns,
  toHistoryRecord,
  toMessage,
  toNamespace,
  toLimitSettings,
  toPayload,
  toRun,
  toTouched,
  toSentEvent,
  toSchedule,
  toWorker,
} from "./rows.ts";
import type { RunStatus } from "./run.ts";

const ERROR = { code: "INTERNAL", message: "m", nonRetryable: true } as const;

const ROW: RunRow = {
  namespace_id: "default" as NamespaceId,
  run_id: "r1" as RunId,
  external_id: null,
  task_queue: "",
  workflow_type: "a",
  version: "1",
  status: "pending",
  priority: 0,
  attempt: 1,
  epoch: 0,
  crashes: 0,
  retry_policy: null,
  worker_id: null,
  available_at: 5,
  claimed_at: null,
  created_at: 1,
  started_at: null,
  finished_at: null,
  deadline_at: null,
  timeout_ms: null,
  parent_run_id: null,
  parent_step: null,
  awaited: false,
  started_as: null,
  continued_from: null,
  rerun_of: null,
  event_id: null,
  schedule_id: null,
  scheduled_at: null,
  signals: 0,
  cancel_error: null,
  pause_error: null,
  limit_key: null,
  throttle_key: null,
};

const worker = { worker_id: "w1" as WorkerId };

describe("a row of runs", () => {
  it.each<[RunStatus, Partial<RunRow>, object]>([
    ["pending", {}, { availableAt: 5 }],
    ["sleeping", {}, { availableAt: 5 }],
    ["running", { ...worker, claimed_at: 7 }, { workerId: "w1", claimedAt: 7 }],
    ["waiting", {}, { availableAt: 5 }],
    ["paused", { pause_error: JSON.stringify(ERROR) }, { pauseError: ERROR }],
    ["completed", { finished_at: 9 }, { finishedAt: 9 }],
    ["failed", { finished_at: 9 }, { finishedAt: 9 }],
    ["cancelled", { finished_at: 9 }, { finishedAt: 9 }],
  ])("that is %s has what is true of that state", (status, change, state) => {
    expect(toRun({ ...ROW, status, ...change })).toMatchObject({ status, ...state });
  });

  it("has nothing where the row is null, and everything where it is not", () => {
    const bare = toRun({ ...ROW, status: "waiting", available_at: null });
    expect(Object.keys(bare).toSorted()).toEqual(
      ["attempt", "crashes", "createdAt", "epoch", "namespaceId", "priority", "runId", "status", "taskQueue", "version"]
        .concat("signals", "workflowType")
        .toSorted(),
    );
    const full = { external_id: "x", retry_policy: '{"jitter":true}', started_at: 2, deadline_at: 3, ...worker };
    expect(toRun({ ...ROW, ...full })).toMatchObject({
      externalId: "x",
      retryPolicy: { jitter: true },
      startedAt: 2,
      deadlineAt: 3,
      workerId: "w1",
    });
  });

  it("of a workflow with limits has its keys", () => {
    expect(toRun({ ...ROW, limit_key: "a", throttle_key: "b" })).toMatchObject({ limitKey: "a", throttleKey: "b" });
  });

  it("that breaks a promise of the schema is not passed off as a run", () => {
    expect(() => toRun({ ...ROW, status: "running" })).toThrow("run r1 is running and has no worker_id");
  });

  it("tells who began it, what it goes on from, and what was asked of it", () => {
    const children = { parent_run_id: "p" as RunId, parent_step: "child", awaited: 1, started_as: "f" as RunId };
    const origin = { continued_from: "c" as RunId, rerun_of: "o" as RunId, event_id: "e" };
    const slot = { schedule_id: "daily", scheduled_at: 77 };
    const asked = { cancel_error: JSON.stringify(ERROR), signals: 2, timeout_ms: 50 };
    expect(toRun({ ...ROW, ...children, ...origin, ...slot, ...asked })).toMatchObject({
      scheduleId: "daily",
      scheduledAt: 77,
      parent: { runId: "p", step: "child", awaited: true, startedAs: "f" },
      continuedFrom: "c",
      rerunOf: "o",
      eventId: "e",
      cancelError: ERROR,
      signals: 2,
      timeoutMs: 50,
    });
    expect(toRun({ ...ROW, parent_run_id: "p" as RunId }).parent).toEqual({ runId: "p", step: "", awaited: false });
  });

  it("is read by its columns, of whatever alias", () => {
    expect(runColumns("r").split(", ").toSorted()).toEqual(
      Object.keys(ROW)
        .map((column) => `r.${column}`)
        .toSorted(),
    );
  });
});

describe("a row of a run that was touched", () => {
  it("says whom to tell, and who holds it if anybody does", () => {
    const about = { task_queue: "", workflow_type: "w", version: "1", status: "pending" } as const;
    const row = { run_id: "r" as RunId, ...about, worker_id: null };
    const touched = { namespaceId: "n", runId: "r", taskQueue: "", workflowType: "w", version: "1", status: "pending" };
    expect(toTouched("n" as NamespaceId, row)).toEqual(touched);
    expect(toTouched("n" as NamespaceId, { ...row, ...worker })).toEqual({ ...touched, workerId: "w1" });
  });
});

describe("a row of workflow_limits", () => {
  const declared = { concurrency: [{ limit: 1 }] };
  const override = { concurrency: [] };

  it("has what the code says, what an operator says, or neither", () => {
    const row = { workflow_type: "w", declared: JSON.stringify(declared), override: JSON.stringify(override) };
    expect(toLimitSettings(row)).toEqual({ workflowType: "w", declared, override });
    expect(toLimitSettings({ ...row, declared: null, override: null })).toEqual({ workflowType: "w" });
  });
});

describe("a row of a history", () => {
  const row: HistoryRow = {
    seq: 2,
    epoch: 1,
    kind: "function",
    type: "completed",
    name: "a",
    occurrence: 1,
    attempt: 1,
    recorded_at: 4,
    observed_at: 3,
    due_at: null,
    duration_ms: null,
    payload: null,
    payload_metadata: null,
    input: null,
    input_metadata: null,
    error: null,
    child_run_id: null,
  };

  it("has nothing where the row is null, and everything where it is not", () => {
    expect(toHistoryRecord(row)).toEqual({
      seq: 2,
      epoch: 1,
      kind: "function",
      type: "completed",
      name: "a",
      occurrence: 1,
      attempt: 1,
      recordedAt: 4,
      observedAt: 3,
    });
    const data = new Uint8Array([1]);
    const full = { due_at: 9, duration_ms: 8, payload: data, input: data, error: JSON.stringify(ERROR) };
    expect(toHistoryRecord({ ...row, ...full })).toMatchObject({
      dueAt: 9,
      durationMs: 8,
      payload: { data },
      input: { data },
      error: ERROR,
    });
    expect(toHistoryRecord({ ...row, child_run_id: "c" as RunId }).childRunId).toBe("c");
  });

  it("is read by its columns", () => {
    expect(bareHistoryColumns("h")).toContain("h.name, ");
    expect(bareHistoryColumns("h")).toContain("NULL AS payload, NULL AS payload_metadata, NULL AS input, ");
    expect(historyColumns("h").split(", ")).toEqual(Object.keys(row).map((column) => `h.${column}`));
  });
});

describe("a payload in columns", () => {
  it("needs no metadata where it is JSON and nothing else", () => {
    const json = { data: new Uint8Array([1]), metadata: { "content-type": "application/json" } };
    expect(metadataColumn(json)).toBeNull();
    expect(toPayload(json.data, null)).toEqual(json);
    expect(metadataColumn(undefined)).toBeNull();
    expect(toPayload(null, null)).toBeUndefined();
  });

  it.each([{}, { "content-type": "text/plain" }, { "content-type": "application/json", encoding: "x" }])(
    "keeps the metadata %o",
    (metadata) => {
      const data = new Uint8Array();
      const column = metadataColumn({ data, metadata });
      expect(toPayload(data, column)).toEqual({ data, metadata });
    },
  );

  it("writes objects as JSON, and nothing as NULL", () => {
    expect(jsonColumn({ a: 1 })).toBe('{"a":1}');
    expect(jsonColumn(undefined)).toBeNull();
  });
});

describe("a row of schedules", () => {
  const bare: ScheduleRow = {
    namespace_id: "default" as NamespaceId,
    schedule_id: "daily",
    task_queue: "",
    workflow_type: "report",
    version: null,
    cron: "@daily",
    timezone: "Europe/Paris",
    every_ms: null,
    at: null,
    input: null,
    input_metadata: null,
    enabled: 1,
    max_catchup: 1,
    overlap: "skip",
    next_fire_at: null,
    due_at: null,
    watermark: 5,
    buffered_at: null,
    last_fired_at: null,
    fired: 1,
    missed: 2,
    skipped: 3,
    revision: 4,
    declared_by: null,
    problem: null,
    created_at: 6,
    updated_at: 7,
  };

  it("has nothing where the row is null, and everything where it is not", () => {
    expect(toSchedule(bare)).toEqual({
      namespaceId: "default",
      scheduleId: "daily",
      taskQueue: "",
      workflowType: "report",
      version: undefined,
      timing: { kind: "cron", expression: "@daily", timezone: "Europe/Paris" },
      input: undefined,
      enabled: true,
      maxCatchup: 1,
      overlap: "skip",
      nextFireAt: undefined,
      dueAt: undefined,
      watermark: 5,
      bufferedAt: undefined,
      lastFiredAt: undefined,
      fired: 1,
      missed: 2,
      skipped: 3,
      revision: 4,
      declaredBy: undefined,
      problem: undefined,
      createdAt: 6,
      updatedAt: 7,
    });
    const full = {
      version: "2",
      next_fire_at: 10,
      due_at: 11,
      buffered_at: 12,
      last_fired_at: 13,
      declared_by: "report",
      problem: "p",
      input: new Uint8Array([1]),
    };
    expect(toSchedule({ ...bare, ...full })).toMatchObject({
      version: "2",
      nextFireAt: 10,
      dueAt: 11,
      bufferedAt: 12,
      lastFiredAt: 13,
      declaredBy: "report",
      problem: "p",
      input: { data: new Uint8Array([1]) },
    });
  });

  it("is written as it is read, in the same columns", () => {
    const timed = { ...bare, cron: null, timezone: null };
    const full = { ...bare, version: "2", next_fire_at: 10, due_at: 11, buffered_at: 12, last_fired_at: 13 };
    const rest = { declared_by: "report", problem: "p", input: new Uint8Array([1]), input_metadata: '{"a":"b"}' };
    for (const row of [bare, { ...full, ...rest }, { ...timed, every_ms: 5000 }, { ...timed, at: 5 }]) {
      expect(scheduleColumns(toSchedule(row))).toEqual({ ...row, enabled: true });
      expect(Object.keys(scheduleColumns(toSchedule(row)))).toEqual(Object.keys(bare));
    }
  });

  it("fires as its columns say", () => {
    const timed = { ...bare, cron: null, timezone: null };
    expect(toSchedule({ ...bare, timezone: null }).timing).toMatchObject({ timezone: "UTC" });
    expect(toSchedule({ ...timed, every_ms: 5 }).timing).toEqual({ kind: "every", everyMs: 5 });
    expect(toSchedule({ ...timed, at: 5 }).timing).toEqual({ kind: "at", at: 5 });
    expect(toSchedule(timed).timing).toEqual({ kind: "at", at: 0 });
  });
});

describe("other rows", () => {
  it("become workers", () => {
    const row = {
      namespace_id: "default" as NamespaceId,
      ...worker,
      task_queue: "",
      status: "online",
      workflows: '[{"workflowType":"a","version":"1"}]',
      max_concurrent: 1,
      hostname: "h",
      pid: 2,
      version: "v",
      labels: "{}",
      queue_concurrency_limit: null,
      workflow_type_concurrency: "{}",
      active_count: 0,
      total_completed: 0,
      total_failed: 0,
      registered_at: 1,
      last_heartbeat_at: 2,
    } as const;
    expect(toWorker(row)).toMatchObject({ workerId: "w1", workflows: [{ workflowType: "a", version: "1" }] });
    expect(toWorker(row)).not.toHaveProperty("queueConcurrencyLimit");
    expect(toWorker({ ...row, queue_concurrency_limit: 4 })).toMatchObject({ queueConcurrencyLimit: 4 });
  });

  it("become namespaces, whether the database has booleans or not", () => {
    const row = {
      namespace_id: "a" as NamespaceId,
      description: "d",
      created_at: 1,
      updated_at: 2,
      retention_ms: null,
    };
    const expected = { namespaceId: "a", description: "d", createdAt: 1, updatedAt: 2 };
    expect(toNamespace({ ...row, enabled: 1 })).toEqual({ ...expected, enabled: true });
    expect(toNamespace({ ...row, enabled: false })).toEqual({ ...expected, enabled: false });
    expect(toNamespace({ ...row, enabled: 1, retention_ms: 0 })).toEqual({
      ...expected,
      enabled: true,
      retentionMs: 0,
    });
  });
});

describe("a row of events", () => {
  it("is an event with who took it, and with its key and its payload if it has them", () => {
    const row = {
      namespace_id: "default" as NamespaceId,
      event_uid: "u",
      event_id: "e",
      name: "n",
      key: null,
      payload: null,
      payload_metadata: null,
      sent_at: 4,
      started: '["r1"]',
    };
    const taken = { takenBy: ["r2" as RunId], takenCount: 1 };
    const event = {
      namespaceId: "default",
      eventUid: "u",
      eventId: "e",
      name: "n",
      sentAt: 4,
      started: ["r1"],
      ...taken,
    };
    expect(toSentEvent(row, taken)).toEqual(event);
    const payload = { data: new Uint8Array([1]), metadata: { "content-type": "application/json" } };
    expect(toSentEvent({ ...row, key: "k", payload: payload.data }, taken)).toEqual({ ...event, key: "k", payload });
  });
});

describe("a row of an inbox", () => {
  const row: MessageRow = {
    position: 3,
    kind: "event",
    name: "paid",
    key: null,
    message_id: "e1",
    child_run_id: null,
    payload: null,
    payload_metadata: null,
    error: null,
    received_at: 9,
  };

  it("is an event, with its key if it has one", () => {
    const event = { position: 3, kind: "event", name: "paid", messageId: "e1", receivedAt: 9 };
    expect(toMessage(row)).toEqual(event);
    const payload = { data: new Uint8Array([1]), metadata: { "content-type": "application/json" } };
    expect(toMessage({ ...row, key: "k", payload: payload.data })).toEqual({ ...event, key: "k", payload });
  });

  it("is the end of a child, with its error if it failed", () => {
    const ended = {
      ...row,
      kind: "child" as const,
      name: "",
      child_run_id: "c" as RunId,
      error: JSON.stringify(ERROR),
    };
    expect(toMessage(ended)).toEqual({ position: 3, kind: "child", childRunId: "c", receivedAt: 9, error: ERROR });
  });

  it("is read by its columns, of whatever alias", () => {
    expect(messageColumns("i").split(", ").toSorted()).toEqual(
      Object.keys(row)
        .map((column) => `i.${column}`)
        .toSorted(),
    );
  });
});
