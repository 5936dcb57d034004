import {
  type Addressed,
  type Instant,
  type Message,
  type MessagePage,
  type NamespaceId,
  type RunReference,
  type Signals,
  type Touched,
  type Worker,
  type WorkerId,
  payloadBytes,
} from "@kagzi/core";
import {
  type MessageRow,
  type RunRow,
  jsonColumn,
  messageColumns,
  metadataColumn,
  toError,
  toMessage,
} from "@kagzi/core/rows";
import type { Database } from "./database.ts";

/** Messages of a page at most, whatever their size. */
const PAGE_MESSAGES = 1000;
/** Messages that are read at a time, so that a page of large ones does not read many that it leaves out. */
const READ_MESSAGES = 50;

/** As {@link sendMessage}, all in one transaction. */
export function sendAll(database: Database, messages: readonly Addressed[]): readonly (Touched | undefined)[] {
  return database.transaction(() => messages.map((message) => sendMessage(database, message)));
}

/** Puts a message into an inbox and makes the run ready if it waits for one. One that is there already changes nothing. */
export function sendMessage(database: Database, message: Addressed): Touched | undefined {
  const run = addressee(database, message);
  if (run === undefined) return undefined;
  const position = run.signals + 1;
  return insertMessage(database, message, position) ? raiseSignals(database, run, position) : run;
}

/** A run that takes messages, with how many signals it had. */
export type Addressee = Touched & { readonly signals: number };

/** The run, if it is there and has not ended. */
export function addressee(database: Database, { namespaceId, runId }: RunReference): Addressee | undefined {
  const [run] = database.all<RunRow>(
    `SELECT task_queue, workflow_type, version, status, worker_id, signals FROM runs
     WHERE namespace_id = ? AND run_id = ? AND finished_at IS NULL`,
    [namespaceId, runId],
  );
  return (
    run && {
      namespaceId,
      runId,
      taskQueue: run.task_queue,
      workflowType: run.workflow_type,
      version: run.version,
      status: run.status,
      signals: run.signals,
      ...(run.worker_id !== null && { workerId: run.worker_id }),
    }
  );
}

/** The run has something new at this position, and is ready if it waited. */
export function raiseSignals(database: Database, run: Addressee, position: number): Touched {
  database.change(
    `UPDATE runs SET signals = ?, available_at = CASE status WHEN 'waiting' THEN ? ELSE available_at END,
       status = CASE status WHEN 'waiting' THEN 'pending' ELSE status END
     WHERE namespace_id = ? AND run_id = ?`,
    [position, database.now(), run.namespaceId, run.runId],
  );
  return run.status === "waiting" ? { ...run, status: "pending" } : run;
}

/** Puts an event of the namespace into an inbox. */
export function insertEvent(
  database: Database,
  { namespaceId, runId }: RunReference,
  event: { readonly sentAt: Instant; readonly eventUid: string; readonly position: number },
): void {
  database.change(
    `INSERT INTO inbox (namespace_id, run_id, position, kind, name, key, message_id, event_uid, payload,
       payload_metadata, received_at)
     SELECT namespace_id, ?1, ?2, 'event', name, key, event_uid, event_uid, payload, payload_metadata, ?3
     FROM events WHERE namespace_id = ?4 AND sent_at = ?5 AND event_uid = ?6`,
    [runId, event.position, database.now(), namespaceId, event.sentAt, event.eventUid],
  );
}

function insertMessage(database: Database, { message, namespaceId, runId }: Addressed, position: number): boolean {
  const isChild = message.kind === "child";
  const inserted = database.change(
    `INSERT INTO inbox (namespace_id, run_id, position, kind, name, key, message_id, child_run_id, payload,
       payload_metadata, error, received_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    [
      namespaceId,
      runId,
      position,
      message.kind,
      isChild ? "" : message.name,
      isChild ? null : (message.key ?? null),
      isChild ? message.childRunId : message.messageId,
      isChild ? message.childRunId : null,
      message.payload?.data ?? null,
      metadataColumn(message.payload),
      jsonColumn(message.error),
      database.now(),
    ],
  );
  return inserted === 1;
}

/** Whether the run was ever sent a message with this id. */
export function knowsMessage(database: Database, run: RunReference, messageId: string): boolean {
  const rows = database.all("SELECT 1 FROM inbox WHERE namespace_id = ? AND run_id = ? AND message_id = ?", [
    run.namespaceId,
    run.runId,
    messageId,
  ]);
  return rows.length === 1;
}

/** Messages of each run that have not been taken, beyond a position: about `maxBytes` for each, at least one. */
export function readMessages(
  database: Database,
  positions: readonly (RunReference & { readonly after: number })[],
  maxBytes: number,
): readonly MessagePage[] {
  return positions.map(({ after, ...run }) => readPage(database, run, after, maxBytes));
}

function readPage(database: Database, run: RunReference, after: number, maxBytes: number): MessagePage {
  const messages: Message[] = [];
  let bytes = 0;
  for (;;) {
    const found = readSome(database, run, messages.at(-1)?.position ?? after, READ_MESSAGES);
    for (const message of found) {
      bytes += payloadBytes(message.payload) + (message.error?.message.length ?? 0);
      const isFull = bytes > maxBytes || messages.length === PAGE_MESSAGES;
      if (isFull && messages.length > 0) return { messages, more: true };
      messages.push(message);
    }
    if (found.length < READ_MESSAGES) return { messages, more: false };
  }
}

function readSome(database: Database, run: RunReference, after: number, limit: number): readonly Message[] {
  return database
    .all<MessageRow>(
      `SELECT ${messageColumns("i")} FROM inbox i
       WHERE namespace_id = ? AND run_id = ? AND position > ? AND taken_seq IS NULL ORDER BY position LIMIT ?`,
      [run.namespaceId, run.runId, after, limit],
    )
    .map(toMessage);
}

/** The message at a position, if it has not been taken. */
export function readMessage(database: Database, run: RunReference, position: number): Message | undefined {
  return readSome(database, run, position - 1, 1).find((message) => message.position === position);
}

/** What workers have not heard of the runs that they hold; from now on it counts as heard. */
export function hearSignals(
  database: Database,
  namespaceId: NamespaceId,
  workerIds: readonly WorkerId[],
  maxBytes: number,
): readonly Signals[] {
  return database.transaction(() =>
    workerIds.flatMap((workerId) => hearOfWorker(database, { namespaceId, workerId }, maxBytes)),
  );
}

function hearOfWorker(
  database: Database,
  { namespaceId, workerId }: Pick<Worker, "namespaceId" | "workerId">,
  maxBytes: number,
): readonly Signals[] {
  const rows = database.all<RunRow & { readonly after: number }>(
    `SELECT run_id, epoch, signals, cancel_error, pause_error, signals_heard AS after FROM runs
     WHERE namespace_id = ? AND worker_id = ? AND claimed_at IS NOT NULL AND signals > signals_heard`,
    [namespaceId, workerId],
  );
  for (const row of rows) {
    database.change("UPDATE runs SET signals_heard = ? WHERE namespace_id = ? AND run_id = ?", [
      row.signals,
      namespaceId,
      row.run_id,
    ]);
  }
  return rows.map((row) => ({
    namespaceId,
    runId: row.run_id,
    epoch: row.epoch,
    workerId,
    signals: row.signals,
    ...readPage(database, { namespaceId, runId: row.run_id }, row.after, maxBytes),
    ...(row.cancel_error !== null && { cancelError: toError(row.cancel_error) }),
    ...(row.pause_error !== null && { pauseError: toError(row.pause_error) }),
  }));
}
