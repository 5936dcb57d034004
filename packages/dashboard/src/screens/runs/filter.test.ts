import { WorkflowStatus } from "@kagzi/proto";
import { describe, expect, it } from "vitest";
import { isFiltered, readFilter, requestOf, writeStatuses } from "./filter.ts";

const read = (query: string) => readFilter(new URLSearchParams(query));

describe("the filter in the address", () => {
  it("is read as it was written", () => {
    const filter = read("status=failed,running&workflow=order&within=1h");
    expect(filter).toEqual({
      statuses: [WorkflowStatus.FAILED, WorkflowStatus.RUNNING],
      workflow: "order",
      withinMs: 3_600_000,
    });
    expect(writeStatuses(filter.statuses)).toBe("failed,running");
    expect(requestOf(filter, 7_200_000)).toMatchObject({ workflowType: "order", createdAfter: { seconds: 3600n } });
  });

  it("ignores what nobody understands", () => {
    expect(isFiltered(read("status=happy,1,unspecified,&within=ever&workflow=&step=x"))).toBe(false);
    expect(requestOf(read("status=failed,failed"), 0)).toEqual({ statusFilter: [WorkflowStatus.FAILED] });
  });
});
