import { call } from "../calls.ts";
import { checkName } from "../names.ts";
import { type LimitOptions, type WorkflowLimits, fromWireLimits, limitsOf, toWireLimits } from "../workflow-limits.ts";
import type { ClientScope } from "./scope.ts";

/** The versions of a workflow. */
export interface WorkflowVersions {
  /** Those that workers have ever registered, the highest first. */
  readonly versions: readonly string[];
  /** The one that new runs take, if it was set; otherwise they take the highest. */
  readonly defaultVersion?: string;
}

/** The limits of a workflow, and who takes up how much of them. */
export interface WorkflowLimitsInfo {
  /** What the code says. */
  readonly declared?: WorkflowLimits;
  /** What was said by `setLimits`, which goes before that. */
  readonly override?: WorkflowLimits;
  /** The keys with the most runs, at most 100. */
  readonly usage: readonly LimitUsage[];
}

/** How much of its limits a key takes up. */
export interface LimitUsage {
  /** Empty for the one key of a workflow whose limits name no field. */
  readonly key: string;
  /** Runs that hold a place. */
  readonly running: number;
  /** Runs that wait for their turn, counted up to 1000. */
  readonly waiting: number;
}

/** The workflows of a namespace. */
export class WorkflowsClient {
  readonly #scope: ClientScope;

  constructor(scope: ClientScope) {
    this.#scope = scope;
  }

  /** The versions of a workflow. One that no worker has registered has none. */
  async versions(name: string): Promise<WorkflowVersions> {
    const { connection, namespace, runtime } = this.#scope;
    const request = { namespaceId: namespace, workflowType: checkName("the name of a workflow", name) };
    const answer = await call({ runtime }, (options) => connection.admin.getWorkflowVersions(request, options));
    const { defaultVersion, versions } = answer;
    return { versions, ...(defaultVersion !== undefined && { defaultVersion }) };
  }

  /**
   * Says which version new runs take; `undefined`: the highest. Runs that are there stay on theirs. Servers other than
   * the one that is asked know within two seconds.
   * @throws KagziError `NOT_FOUND` for a version that no worker has ever registered
   */
  async setDefaultVersion(name: string, version: string | undefined): Promise<void> {
    const { connection, namespace, runtime } = this.#scope;
    const request = {
      namespaceId: namespace,
      workflowType: checkName("the name of a workflow", name),
      ...(version !== undefined && { version: checkName("a version", version) }),
    };
    await call({ runtime }, (options) => connection.admin.setDefaultVersion(request, options));
  }

  /** The limits of a workflow, and who takes up how much of them. */
  async limits(name: string): Promise<WorkflowLimitsInfo> {
    const { connection, namespace, runtime } = this.#scope;
    const request = { namespaceId: namespace, workflowType: checkName("the name of a workflow", name) };
    const answer = await call({ runtime }, (options) => connection.admin.getWorkflowLimits(request, options));
    return {
      usage: answer.usage.map(({ key, running, waiting }) => ({ key, running, waiting })),
      ...(answer.declared !== undefined && { declared: fromWireLimits(answer.declared) }),
      ...(answer.override !== undefined && { override: fromWireLimits(answer.override) }),
    };
  }

  /**
   * Changes the limits of a workflow while it runs, whatever its code says: `{}` is no limits, `undefined` lets the code's
   * word count again. Servers other than the one that is asked know within two seconds. Runs that are going on go on.
   * @throws KagziError `INVALID_ARGUMENT` for limits that make no sense
   */
  async setLimits(name: string, limits: LimitOptions | undefined): Promise<void> {
    const { connection, namespace, runtime } = this.#scope;
    const of = `of workflow ${JSON.stringify(checkName("the name of a workflow", name))}`;
    const request = {
      namespaceId: namespace,
      workflowType: name,
      ...(limits !== undefined && { limits: toWireLimits(limitsOf(limits, of)) }),
    };
    await call({ runtime }, (options) => connection.admin.setWorkflowLimits(request, options));
  }
}
