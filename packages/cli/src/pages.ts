import type { PageInfo } from "@kagzi/proto";
import type { Command } from "commander";
import { wholeNumber } from "./settings.ts";

/** The most that a server gives at once. */
export const LARGEST_PAGE = 1000;
const SHOWN = 50;

/** Options of commands that list what there may be much of. */
export interface PageFlags {
  readonly limit?: string;
  readonly cursor?: string;
}

/** Some of a list, and where the rest begins. */
export interface Part<Row> {
  readonly rows: readonly Row[];
  readonly next: string | undefined;
}

type Ask<Row> = (page: {
  pageSize: number;
  pageToken: string;
}) => Promise<readonly [readonly Row[], PageInfo | undefined]>;

export function withPages(command: Command): Command {
  return command
    .option("--limit <number>", `how many at most (default: ${SHOWN})`)
    .option("--cursor <text>", "go on where the command before said that there is more");
}

/** As many of a list as were asked for. @throws KagziError `INVALID_ARGUMENT` */
export async function listSome<Row>({ cursor = "", limit }: PageFlags, ask: Ask<Row>): Promise<Part<Row>> {
  const most = limit === undefined ? SHOWN : wholeNumber("--limit", limit, 1, 1_000_000);
  const rows: Row[] = [];
  let pageToken: string | undefined = cursor;
  while (pageToken !== undefined && rows.length < most) {
    const [found, page] = await ask({ pageSize: Math.min(LARGEST_PAGE, most - rows.length), pageToken });
    rows.push(...found);
    pageToken = page?.hasMore === true ? page.nextPageToken : undefined;
  }
  return { rows, next: pageToken };
}

/** All of a list, page by page. */
export async function* everything<Row>(ask: Ask<Row>): AsyncGenerator<Row> {
  for (let pageToken: string | undefined = ""; pageToken !== undefined;) {
    const [found, page]: Awaited<ReturnType<Ask<Row>>> = await ask({ pageSize: LARGEST_PAGE, pageToken });
    yield* found;
    pageToken = page?.hasMore === true ? page.nextPageToken : undefined;
  }
}

/** All of a list that is short. */
export async function listAll<Row>(ask: Ask<Row>): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for await (const row of everything(ask)) rows.push(row);
  return rows;
}
