import { describe, expect, it } from "vitest";
import { UpdateBuffer, type WireCommand } from "./update-buffer.ts";

const lease = { runId: "run", epoch: 2, seq: 3 };
const command = (stepName: string): WireCommand => ({
  stepName,
  occurrence: 1,
  command: { case: "completeStep", value: { attempt: 1 } },
});

describe("what is said of a run", () => {
  it("goes together until it is sent, each update behind the one before", () => {
    const buffer = new UpdateBuffer(lease);
    buffer.add(command("a"));
    buffer.add(command("b"));
    expect(buffer.take()).toMatchObject({ runId: "run", epoch: 2, afterSeq: 3, commands: [{}, {}] });
    expect(buffer.take()).toBeUndefined();
    buffer.add(command("c"));
    buffer.end({ case: "complete", value: {} });
    expect(buffer.take()).toMatchObject({ afterSeq: 5, commands: [{}], outcome: { case: "complete" } });
  });

  it("is durable as far as it was answered, and kept to be sent again until then", () => {
    const buffer = new UpdateBuffer(lease);
    buffer.add(command("a"));
    buffer.take();
    buffer.add(command("b"));
    expect([buffer.acked, buffer.sent, buffer.isAnswered]).toEqual([3, 4, false]);
    buffer.take();
    expect(buffer.unanswered()).toMatchObject([{ afterSeq: 3 }, { afterSeq: 4 }]);
    buffer.acknowledge();
    expect([buffer.acked, buffer.unanswered().length]).toEqual([4, 1]);
    buffer.acknowledge();
    expect([buffer.acked, buffer.isAnswered]).toEqual([5, true]);
    buffer.acknowledge();
    expect(buffer.acked).toBe(5);
  });
});
