import type { Signals } from "@kagzi/core";
import type { EngineContext } from "./engine.ts";
import { errorField } from "./log.ts";
import type { HeldTask, WorkerSession } from "./session.ts";

/** What messages are read and handed over with. */
export type MessageContext = Pick<EngineContext, "store" | "config" | "log">;

/** Brings a worker word of its runs, each with all its messages, after what is on its way to the run. */
export function bring(context: MessageContext, session: WorkerSession, signals: readonly Signals[]): void {
  for (const each of signals) {
    const task = session.held.get(each.runId);
    if (task === undefined) continue;
    if (task.bringing === undefined && !each.more) session.link.signal([each]);
    else
      bringInTurn(task, () => {
        session.link.signal([each]);
        return bringRest(context, session, each);
      });
  }
}

/** What goes to the worker of a run goes in turn: it must not hear that it has everything before that is so. */
export function bringInTurn(task: HeldTask, work: () => Promise<void>): void {
  const bringing = (task.bringing ?? Promise.resolve()).then(work).finally(() => {
    if (task.bringing === bringing) delete task.bringing;
  });
  task.bringing = bringing;
}

/** Brings the messages that did not fit into the first page. Ends the worker's stream if they cannot be read. */
export async function bringRest(context: MessageContext, session: WorkerSession, first: Signals): Promise<void> {
  try {
    await bringPages(context, session, first);
  } catch (error) {
    context.log.warn("messages could not be read, the worker's stream ends", {
      workerId: session.workerId,
      error: errorField(error),
    });
    // A worker that was promised more waits for it. With a new stream it hears everything anew.
    session.link.end();
  }
}

async function bringPages({ config, store }: MessageContext, session: WorkerSession, first: Signals): Promise<void> {
  const { messages, more: isPartial, ...signals } = first;
  let after = messages.at(-1)?.position ?? 0;
  for (let more = isPartial; more;) {
    await session.link.room();
    const [page] = await store.inbox.read([{ ...signals, after }], config.pageBytes);
    // The run has left the worker, which will hear everything when it has it again.
    if (page === undefined || session.held.get(signals.runId)?.epoch !== signals.epoch) return;
    session.link.signal([{ ...signals, ...page }]);
    after = page.messages.at(-1)?.position ?? after;
    ({ more } = page);
  }
}
