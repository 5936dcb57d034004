import { LOCAL, type NewAuditEntry, auditEntry, checkNamespaceId, errorCodeOf, storableText } from "@kagzi/core";
import type { Engine } from "../engine/engine.ts";
import type { Call } from "./service.ts";
import type { Services } from "./services.ts";

/** What an entry says of a call, and which field of its request names what it is done to. */
type Audited = readonly [action: string, subject: string, field: string];

type Audits = { readonly [Name in keyof Services]?: { readonly [Method in keyof Services[Name]]?: Audited } };

/**
 * What is done by hand, by service and method. Keys are missing: what becomes of them is noted by the very transaction
 * that does it.
 */
export const AUDITED = {
  workflow: {
    cancelWorkflow: ["run.cancel", "run", "runId"],
    cancelWorkflows: ["run.cancel-many", "workflow", "workflowType"],
    pauseWorkflow: ["run.pause", "run", "runId"],
    resumeWorkflow: ["run.resume", "run", "runId"],
    retryWorkflow: ["run.retry", "run", "runId"],
    rerunWorkflow: ["run.rerun", "run", "runId"],
    terminateWorkflow: ["run.terminate", "run", "runId"],
    deleteWorkflow: ["run.delete", "run", "runId"],
  },
  admin: {
    drainWorker: ["worker.drain", "worker", "workerId"],
    setDefaultVersion: ["workflow.set-default-version", "workflow", "workflowType"],
    setWorkflowLimits: ["workflow.set-limits", "workflow", "workflowType"],
    setStepLimit: ["limit.set", "limit", "name"],
  },
  namespace: {
    createNamespace: ["namespace.create", "namespace", "namespaceId"],
    updateNamespace: ["namespace.update", "namespace", "namespaceId"],
    enableNamespace: ["namespace.enable", "namespace", "namespaceId"],
    disableNamespace: ["namespace.disable", "namespace", "namespaceId"],
  },
  schedule: {
    createWorkflowSchedule: ["schedule.create", "schedule", "scheduleId"],
    updateWorkflowSchedule: ["schedule.update", "schedule", "scheduleId"],
    deleteWorkflowSchedule: ["schedule.delete", "schedule", "scheduleId"],
    pauseWorkflowSchedule: ["schedule.pause", "schedule", "scheduleId"],
    resumeWorkflowSchedule: ["schedule.resume", "schedule", "scheduleId"],
    triggerWorkflowSchedule: ["schedule.trigger", "schedule", "scheduleId"],
  },
} as const satisfies Audits;

type Unary = (request: object, call: Call) => Promise<unknown>;

/**
 * The services, with a note of what is done by hand before it is answered. A caller whose note cannot be kept is told
 * that it failed, though it was done: what is made again is noted again.
 */
export function withAudit(services: Services, engine: Pick<Engine, "context">): Services {
  const audited = Object.entries<Readonly<Record<string, Audited>>>(AUDITED).map(([name, methods]) => {
    const service: object = Reflect.get(services, name) as object;
    const noted = Object.entries(methods).map(([method, about]) => [
      method,
      noting(engine, about, Reflect.get(service, method) as Unary),
    ]);
    return [name, { ...service, ...(Object.fromEntries(noted) as object) }];
  });
  return { ...services, ...(Object.fromEntries(audited) as Partial<Services>) };
}

function noting({ context }: Pick<Engine, "context">, [action, subject, field]: Audited, method: Unary): Unary {
  const note = async (request: object, { principal = LOCAL }: Call, outcome: NewAuditEntry["outcome"]) => {
    const namespaceId = checkNamespaceId(String(Reflect.get(request, "namespaceId")));
    // Of a call that is refused because of it, this may be anything.
    const subjectId = storableText(String(Reflect.get(request, field) ?? ""), SUBJECT_CHARS);
    const what = { entryId: context.env.newUuid(), action, subject, subjectId, namespaceId, outcome };
    await context.store.audit.add(auditEntry(principal, what));
  };
  return async (request, call) => {
    const answer = await method(request, call).catch(async (error: unknown) => {
      const code = errorCodeOf(error);
      // Nothing was done, and a call that makes no sense is worth no note.
      if (code !== "INVALID_ARGUMENT" && code !== "UNAVAILABLE") await note(request, call, code);
      throw error;
    });
    await note(request, call, "done");
    return answer;
  };
}

const SUBJECT_CHARS = 255;
