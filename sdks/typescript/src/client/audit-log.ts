import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { AuditEntry as WireEntry } from "@kagzi/proto";
import { call } from "../calls.ts";
import type { Connection } from "../connection.ts";
import { KagziError } from "../error.ts";
import type { Runtime } from "../runtime.ts";
import type { ApiKeyFilter } from "./api-keys.ts";

/** Something that was done by hand. */
export interface AuditEntry {
  readonly id: string;
  readonly at: Date;
  /** The id of the key, or `local` for who needed none, and its name as it was. */
  readonly actor: string;
  readonly actorName: string;
  /** `run.cancel`, `namespace.disable`, `apikey.create` … */
  readonly action: string;
  /** What kind of thing it was done to, and to which. */
  readonly subject: string;
  readonly subjectId: string;
  readonly namespace?: string;
  /** `done`, or the code of the error. */
  readonly outcome: string;
}

/** What was done by hand, and by whom. */
export class AuditLogClient {
  readonly #connection: Connection;
  readonly #runtime: Runtime;
  readonly #namespace: string;

  constructor(connection: Connection, runtime: Runtime, namespace: string) {
    this.#connection = connection;
    this.#runtime = runtime;
    this.#namespace = namespace;
  }

  /** The newest first; of the client's namespace unless another one, or all of them, are asked for. */
  async *list(filter: ApiKeyFilter = {}): AsyncIterable<AuditEntry> {
    const { allNamespaces = false, namespace = this.#namespace } = filter;
    const about = { namespaceId: allNamespaces ? "" : namespace, allNamespaces };
    for (let pageToken: string | undefined = ""; pageToken !== undefined;) {
      const request = { ...about, page: { pageToken } };
      const answer: Awaited<ReturnType<Connection["admin"]["listAuditLog"]>> = await call(
        { runtime: this.#runtime },
        (options) => this.#connection.admin.listAuditLog(request, options),
      );
      yield* answer.entries.map(toEntry);
      pageToken = answer.page?.hasMore === true ? answer.page.nextPageToken : undefined;
    }
  }
}

function toEntry({
  action,
  actor,
  actorName,
  at,
  entryId,
  namespaceId,
  outcome,
  subject,
  subjectId,
}: WireEntry): AuditEntry {
  if (at === undefined) throw new KagziError("INTERNAL", "the server's answer holds an entry without its time");
  const who = { id: entryId, at: timestampDate(at), actor, actorName };
  return { ...who, action, subject, subjectId, outcome, ...(namespaceId !== "" && { namespace: namespaceId }) };
}
