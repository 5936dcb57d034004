import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { KagziError, isKagziError, isUuid, notFound } from "@kagzi/core";
import type { ListWorkflowsResponse, Workflow } from "@kagzi/proto";
import { isKagziError as isOfClient } from "kagzi";
import { LARGEST_PAGE } from "./pages.ts";
import type { Session } from "./session.ts";
import { runWord } from "./status.ts";

/** How a run may be named, for the help of commands. */
export const RUN_NOTE =
  "A run is named by its id, a beginning of it that no other has, the id that it was started with, latest, or latest:WORKFLOW.";

/** Among so many runs that were made at the right time a beginning is looked for. */
const MOST_LOOKED_AT = 10_000;
const MOST_NAMED = 5;
/** How far the clock of whoever made an id may be from that of the server. */
const SKEW_MS = 3_600_000;
/** No clock goes further, and no message carries a later time. */
const LATEST_MS = Date.parse("9998-01-01");

/**
 * The run that a command means: see {@link RUN_NOTE}.
 * @throws KagziError `NOT_FOUND`; `INVALID_ARGUMENT` where several runs begin so
 */
export async function findRun(session: Session, text: string): Promise<string> {
  if (isUuid(text)) return text;
  if (text === "latest" || text.startsWith("latest:")) return latestRun(session, text.slice("latest:".length));
  const found = /^[0-9a-f-]{1,36}$/u.test(text) ? await runsBeginning(session, text) : [];
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first.runId;
  if (first !== undefined) throw severalBegin(text, found);
  return runWithExternalId(session, text);
}

async function latestRun({ ask, connection, namespaceId }: Session, workflowType: string): Promise<string> {
  const { workflows } = await ask((options) =>
    connection.workflows.listWorkflows(
      { namespaceId, page: { pageSize: 1 }, ...(workflowType !== "" && { workflowType }) },
      options,
    ),
  );
  const [newest] = workflows;
  if (newest !== undefined) return newest.runId;
  const of = workflowType === "" ? "" : ` of workflow ${JSON.stringify(workflowType)}`;
  throw notFound("run", "latest", `namespace ${namespaceId} has no run${of}; -n names another one`);
}

/** Ids of runs begin with the time at which they were made: only runs of that time are looked at. */
async function runsBeginning(session: Session, prefix: string): Promise<readonly Workflow[]> {
  const { ask, connection, namespaceId } = session;
  const digits = prefix.replaceAll("-", "").slice(0, 12);
  const timeOf = (rest: string) => Math.min(Number.parseInt(digits.padEnd(12, rest), 16), LATEST_MS);
  const window = {
    createdAfter: timestampFromMs(Math.max(0, timeOf("0") - SKEW_MS)),
    createdBefore: timestampFromMs(timeOf("f") + SKEW_MS),
  };
  const found: Workflow[] = [];
  let pageToken: string | undefined = "";
  for (let seen = 0; pageToken !== undefined && seen < MOST_LOOKED_AT; seen += LARGEST_PAGE) {
    const request = { namespaceId, page: { pageSize: LARGEST_PAGE, pageToken }, ...window };
    const part: ListWorkflowsResponse = await ask((options) => connection.workflows.listWorkflows(request, options));
    found.push(...part.workflows.filter(({ runId }) => runId.startsWith(prefix)));
    pageToken = part.page?.hasMore === true ? part.page.nextPageToken : undefined;
  }
  return found;
}

function severalBegin(prefix: string, found: readonly Workflow[]): KagziError {
  const lines = found
    .slice(0, MOST_NAMED)
    .map(({ runId, status, workflowType }) => `\n  ${runId}  ${workflowType}  ${runWord(status)}`);
  const more = found.length > MOST_NAMED ? `\n  and ${found.length - MOST_NAMED} more` : "";
  return new KagziError(
    "INVALID_ARGUMENT",
    `${found.length} runs begin with ${prefix}; give more of the id:${lines.join("")}${more}`,
  );
}

async function runWithExternalId({ ask, connection, namespaceId }: Session, externalId: string): Promise<string> {
  try {
    const request = { namespaceId, externalId };
    const { workflow } = await ask((options) => connection.workflows.getWorkflowByExternalId(request, options));
    return workflow?.runId ?? "";
  } catch (error) {
    if (!(isKagziError(error) || isOfClient(error)) || error.code !== "NOT_FOUND") throw error;
    throw notFound("run", externalId, `no id begins so, and no run in namespace ${namespaceId} was started with it`);
  }
}
