import type { NamespaceId, RunId, WorkerId } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { type HeldTask, WorkerSession } from "./session.ts";

const link = { give: () => {}, signal: () => {}, drop: () => {}, drain: () => {}, room: async () => {}, end: () => {} };

function newSession(capacity = 2): WorkerSession {
  return new WorkerSession({
    workerId: "w" as WorkerId,
    namespaceId: "default" as NamespaceId,
    taskQueue: "",
    workflows: [{ workflowType: "a", version: "1" }],
    capacity,
    link,
  });
}

const task = (runId: string, epoch: number): HeldTask => ({
  namespaceId: "default" as NamespaceId,
  runId: runId as RunId,
  taskQueue: "",
  workflowType: "a",
  version: "1",
  epoch,
  attempt: 1,
});

describe("a worker's session", () => {
  it("has the slots free that nobody has or is about to have", () => {
    const session = newSession();
    expect(session.free).toBe(2);
    session.held.set("r" as RunId, task("r", 1));
    session.reserved = 1;
    expect(session.free).toBe(0);
  });

  it("keeps a tenth of its slots, at least one, from runs that wait in them for their time", () => {
    expect(newSession(1).spare).toBe(0);
    expect(newSession(2).spare).toBe(1);
    const session = newSession(100);
    expect(session.spare).toBe(90);
    session.reserved = 85;
    expect(session.spare).toBe(5);
    session.reserved = 95;
    expect(session.spare).toBe(0);
  });

  it("takes nothing while it drains, or was not heard of", () => {
    const session = newSession();
    session.lapsed = true;
    expect(session.free).toBe(0);
    session.lapsed = false;
    session.draining = true;
    expect(session.free).toBe(0);
  });

  it("keeps a run that came back under a later lease when the earlier one is let go of", () => {
    const session = newSession();
    session.held.set("r" as RunId, task("r", 3));
    session.letGo(task("r", 2));
    expect(session.held.get("r" as RunId)?.epoch).toBe(3);
    session.letGo(task("r", 3));
    expect(session.held.size).toBe(0);
  });
});
