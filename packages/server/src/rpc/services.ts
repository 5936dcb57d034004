import type { Health } from "../background/health.ts";
import type { Engine } from "../engine/engine.ts";
import { withAdmission } from "./admission.ts";
import { createAdminService } from "./admin-service.ts";
import { createApiKeyService } from "./apikey-service.ts";
import { withAudit } from "./audited.ts";
import { createEventService } from "./event-service.ts";
import { withMetrics } from "./measured.ts";
import { createNamespaceService } from "./namespace-service.ts";
import { createScheduleService } from "./schedule-service.ts";
import { createWorkerService } from "./worker-service.ts";
import { createWorkflowService } from "./workflow-service.ts";

/** Every service of the contract over one engine, as plain objects. */
export function createServices(engine: Engine, health: Health): Services {
  return withMetrics(withAdmission(withAudit(allServices(engine, health), engine), engine), engine);
}

function allServices(engine: Engine, health: Health) {
  return {
    workflow: createWorkflowService(engine),
    worker: createWorkerService(engine),
    admin: createAdminService(engine, health),
    namespace: createNamespaceService(engine),
    schedule: createScheduleService(engine),
    event: createEventService(engine),
    apiKey: createApiKeyService(engine),
  };
}

export type Services = ReturnType<typeof allServices>;
