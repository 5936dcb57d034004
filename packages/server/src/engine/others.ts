import {
  type Command,
  type ErrorDetail,
  KagziError,
  type Outcome,
  type RunId,
  type RunReference,
  type RunUpdate,
  type Start,
  errorCodeOf,
  formatStepKey,
  isKagziError,
} from "@kagzi/core";
import type { EngineContext } from "./engine.ts";
import { sleep } from "./env.ts";
import type { Events } from "./events.ts";
import { errorField } from "./log.ts";
import type { Operations } from "./operations.ts";
import type { HeldTask } from "./session.ts";
import type { Starts } from "./starts.ts";
import type { ChildStart, ContinueRequest, EventSend, UpdateRequest } from "./update-request.ts";

/** A store that cannot serve is asked again after so long. */
const AGAIN_MS = 500;

/**
 * Does what updates of runs want of others: starts children, cancels those that are given up, and sends events. It is
 * done before the run's history says so: a run that is lost in between asks again for the same ids, and finds it done.
 */
export class Others {
  readonly #context: EngineContext;
  readonly #starts: Starts;
  readonly #operations: Operations;
  readonly #events: Events;

  constructor(
    context: EngineContext,
    parts: { readonly starts: Starts; readonly operations: Operations; readonly events: Events },
  ) {
    this.#context = context;
    this.#events = parts.events;
    this.#starts = parts.starts;
    this.#operations = parts.operations;
  }

  /** The update with what became of the others in it. */
  async settle(parent: HeldTask, request: UpdateRequest): Promise<RunUpdate> {
    const { outcome, ...rest } = request;
    await this.#patiently(() => this.#operations.cancelChildren(abandonedChildren(parent, request.commands)));
    let sent: Promise<Command> | undefined;
    const commands = await Promise.all(
      request.commands.map(async (command) => {
        if (command.do === "start") return this.#start(parent, command);
        if (command.do !== "send") return command;
        // Events in the order in which the code sent them.
        const before = sent;
        sent = (async () => {
          await before;
          return this.#send(parent, command);
        })();
        return sent;
      }),
    );
    if (outcome === undefined) return { ...rest, commands };
    if (outcome.become === "continued") return { ...rest, commands, outcome: await this.#continue(parent, outcome) };
    // What could not be done is no reason to wait: the run goes on with what it hears of that.
    const hasFailed = commands.some(
      (command) => (command.do === "startChild" || command.do === "sendEvent") && command.error !== undefined,
    );
    return { ...rest, commands, outcome: hasFailed && outcome.become === "parked" ? { become: "released" } : outcome };
  }

  /** A run that goes on where another one ended is in the store. */
  began(start: Start): void {
    this.#starts.tell(start);
  }

  /** A run has ended and left children. If they cannot be cancelled now, the next look finds them. */
  close(): void {
    void this.#operations.closeRuns().catch((error: unknown) => {
      this.#context.log.debug("children of a run that has ended could not be cancelled yet", {
        error: errorField(error),
      });
    });
  }

  async #continue(run: HeldTask, { input, runId }: ContinueRequest): Promise<Outcome> {
    const { namespaceId, parent, retryPolicy, scheduleId, taskQueue, workflowType } = run;
    const start = await this.#patiently(() =>
      this.#starts.prepare({
        namespaceId,
        runId,
        taskQueue,
        workflowType,
        priority: 0,
        delayMs: 0,
        ...(input !== undefined && { input }),
        ...(retryPolicy !== undefined && { retryPolicy }),
        ...(parent !== undefined && { parent: { startedAs: run.runId, ...parent } }),
        // The slot is this run's; that the schedule has an open run is still true.
        ...(scheduleId !== undefined && { scheduleId }),
      }),
    );
    return { become: "continued", start: { ...start, continuedFrom: run.runId } };
  }

  async #start(parent: HeldTask, command: ChildStart): Promise<Command> {
    const { name, observedAt, occurrence, start } = command;
    const recorded = {
      do: "startChild",
      name,
      occurrence,
      childRunId: start.runId,
      ...(observedAt !== undefined && { observedAt }),
    } as const;
    const { namespaceId, runId } = parent;
    const request = { ...start, namespaceId, parent: { runId, step: formatStepKey(command), awaited: true } };
    try {
      const answer = await this.#patiently(() => this.#starts.start(request));
      return answer.alreadyExists ? { ...recorded, error: taken(start.externalId, answer.runId) } : recorded;
    } catch (error) {
      return { ...recorded, error: detailOf(error, "the child could not be started") };
    }
  }

  async #send({ namespaceId }: HeldTask, command: EventSend): Promise<Command> {
    const { event, name, observedAt, occurrence } = command;
    const recorded = { do: "sendEvent", name, occurrence, ...(observedAt !== undefined && { observedAt }) } as const;
    const { runId, ...rest } = event;
    const request = { ...rest, namespaceId };
    try {
      await this.#patiently<unknown>(() =>
        runId === undefined ? this.#events.send(request) : this.#events.sendToRun({ ...request, runId }),
      );
      return recorded;
    } catch (error) {
      return { ...recorded, error: detailOf(error, "the event could not be sent") };
    }
  }

  /** Nothing is recorded while the store cannot serve: the parent waits with its child. */
  async #patiently<Result>(work: () => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (errorCodeOf(error) !== "UNAVAILABLE") throw error;
        await sleep(this.#context.env, AGAIN_MS);
      }
    }
  }
}

/** The children of a run that its code has given up. */
function abandonedChildren(
  { namespaceId }: HeldTask,
  commands: UpdateRequest["commands"],
): readonly (RunReference & { readonly error: ErrorDetail })[] {
  return commands.flatMap((command) =>
    command.do === "cancelStep" && command.childRunId !== undefined
      ? [{ namespaceId, runId: command.childRunId, error: command.error }]
      : [],
  );
}

function taken(externalId: string | undefined, runId: RunId): ErrorDetail {
  const id = JSON.stringify(externalId ?? "");
  return new KagziError(
    "CONFLICT",
    `id ${id} belongs to run ${runId}, which is no child of this run: give the child an id of its own, or none`,
    { subject: "run", subjectId: runId },
  ).detail;
}

function detailOf(error: unknown, what: string): ErrorDetail {
  if (isKagziError(error)) return { ...error.detail, nonRetryable: true };
  return new KagziError("INTERNAL", `${what}: ${String(error)}`, { nonRetryable: true }).detail;
}
