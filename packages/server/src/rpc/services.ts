import { WorkflowScheduleService } from "@kagzi/proto";
import type { DescService } from "@bufbuild/protobuf";
import type { Health } from "../background/health.ts";
import type { Engine } from "../engine/engine.ts";
import { createAdminService } from "./admin-service.ts";
import { createEventService } from "./event-service.ts";
import { createNamespaceService } from "./namespace-service.ts";
import { type Service, notOffered } from "./service.ts";
import { createWorkerService } from "./worker-service.ts";
import { createWorkflowService } from "./workflow-service.ts";

/** Every service of the contract over one engine, as plain objects. */
export function createServices(engine: Engine, health: Health) {
  return {
    workflow: createWorkflowService(engine),
    worker: createWorkerService(engine),
    admin: createAdminService(engine, health),
    namespace: createNamespaceService(engine),
    schedule: notYet(WorkflowScheduleService),
    event: createEventService(engine),
  };
}

export type Services = ReturnType<typeof createServices>;

/** A service that is in the contract and not in this server: each call says so. */
function notYet<Desc extends DescService>(desc: Desc): Service<Desc> {
  return Object.fromEntries(desc.methods.map((method) => [method.localName, notOffered(method.name)])) as never;
}
