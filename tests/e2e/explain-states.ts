import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { AdminService, WorkerService, WorkflowService } from "@kagzi/proto";
import { type RunHandle, workflow } from "kagzi";
import { expect } from "vitest";
import type { Fixture } from "./fixture.ts";

/** A state in which a run can be. */
export interface State {
  readonly name: string;
  /** Brings a run there. */
  readonly reach: (f: Fixture) => Promise<RunHandle<unknown>>;
  /** Its reasons, and the beginning of the first one's sentence. */
  readonly reasons: readonly object[];
  readonly message: RegExp;
  readonly next: RegExp;
}

/** The services of an engine, for what the SDK's client does not offer. */
export function servicesOf({ engine: { at } }: Fixture) {
  if ("connection" in at) return at.connection;
  const transport = createConnectTransport({ baseUrl: at.url, httpVersion: "1.1" });
  return {
    workers: createClient(WorkerService, transport),
    workflows: createClient(WorkflowService, transport),
    admin: createClient(AdminService, transport),
  };
}

export const quick = workflow("quick", async () => "done");
export const naps = workflow("naps", async (ctx) => ctx.sleep("nap", "1d"));

export const ISO = String.raw`20\d\d-\d\d-\d\dT[\d:.]+Z`;
export const UUID = "[0-9a-f-]{36}";
export const some = { date: () => expect.any(Date), text: () => expect.any(String) };
export const stepId = (step: string) => expect.stringMatching(new RegExp(`^${UUID}/${step}$`, "u"));
