import { call } from "../calls.ts";
import { checkName } from "../names.ts";
import {
  type LimitOptions,
  type WorkflowLimits,
  fromWireLimits,
  stepLimitOf,
  toWireLimits,
} from "../workflow-limits.ts";
import type { ClientScope } from "./scope.ts";

/** A named limit, and who takes up how much of it. */
export interface StepLimitInfo {
  /** What the code says. */
  readonly declared?: WorkflowLimits;
  /** What was said by `set`, which goes before that. */
  readonly override?: WorkflowLimits;
  /** Steps that hold a slot, at most 100. */
  readonly holders: readonly { readonly runId: string; readonly step: string }[];
  /** Steps that wait for one, counted up to 1000. */
  readonly waiting: number;
}

/** The named limits of a namespace, of which steps hold slots. */
export class LimitsClient {
  readonly #scope: ClientScope;

  constructor(scope: ClientScope) {
    this.#scope = scope;
  }

  /** @throws KagziError `NOT_FOUND` for a limit that no worker has declared */
  async get(name: string): Promise<StepLimitInfo> {
    const { connection, namespace, runtime } = this.#scope;
    const request = { namespaceId: namespace, name: checkName("the name of a limit", name) };
    const answer = await call({ runtime }, (options) => connection.admin.getStepLimit(request, options));
    return {
      holders: answer.holders.map(({ runId, step }) => ({ runId, step })),
      waiting: answer.waiting,
      ...(answer.declared !== undefined && { declared: fromWireLimits(answer.declared) }),
      ...(answer.override !== undefined && { override: fromWireLimits(answer.override) }),
    };
  }

  /**
   * Changes a limit while it is in use, whatever the code says; `undefined`: the code's word counts again. Steps that run go on.
   * @throws KagziError `INVALID_ARGUMENT`; `NOT_FOUND` for a limit that no worker has declared
   */
  async set(name: string, limits: LimitOptions | undefined): Promise<void> {
    const { connection, namespace, runtime } = this.#scope;
    const request = {
      namespaceId: namespace,
      name: checkName("the name of a limit", name),
      ...(limits !== undefined && { limits: toWireLimits(stepLimitOf(name, limits)) }),
    };
    await call({ runtime }, (options) => connection.admin.setStepLimit(request, options));
  }
}
