import { call } from "../calls.ts";
import { checkName } from "../names.ts";
import type { ClientScope } from "./scope.ts";

/** The versions of a workflow. */
export interface WorkflowVersions {
  /** Those that workers have ever registered, the highest first. */
  readonly versions: readonly string[];
  /** The one that new runs take, if it was set; otherwise they take the highest. */
  readonly defaultVersion?: string;
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
}
