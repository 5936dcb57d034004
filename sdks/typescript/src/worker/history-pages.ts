import type { HistoryRecord } from "@kagzi/proto";

/** What the server answers with: records after one that was named, and whether there are others after them. */
export interface HistoryPage {
  readonly records: readonly HistoryRecord[];
  readonly hasMore: boolean;
}

/** Pages of one history that are asked for at once. */
const AHEAD = 4;

/**
 * The rest of a history whose first records are there: those after `begin.length`, up to the `lastSeq`th at least, or all
 * of them if it is infinite. Several pages are asked for at once: where they begin is guessed from how long the last one
 * was, and a guess that leaves a gap is asked again.
 */
export async function readRest<Kept>(
  begin: readonly Kept[],
  lastSeq: number,
  from: { readonly ask: (afterSeq: number) => Promise<HistoryPage>; readonly keep: (record: HistoryRecord) => Kept },
): Promise<Kept[]> {
  const records = [...begin];
  let perPage = begin.length;
  for (let more = true; more && records.length < lastSeq;) {
    const asked = guesses(records.length, perPage, lastSeq).map((afterSeq) => ({ afterSeq, page: from.ask(afterSeq) }));
    // One that fails while another is waited for is heard of when its turn comes, or was not needed.
    for (const { page } of asked) page.catch(() => {});
    for (const { afterSeq, page } of asked) {
      if (afterSeq > records.length) break;
      const { hasMore, records: found } = await page;
      for (const record of found.slice(records.length - afterSeq)) records.push(from.keep(record));
      perPage = found.length;
      more = hasMore;
    }
  }
  return records;
}

/** Where the next pages may begin. */
function guesses(length: number, perPage: number, lastSeq: number): number[] {
  if (perPage === 0 || !Number.isFinite(lastSeq)) return [length];
  const pages = Math.min(AHEAD, Math.ceil((lastSeq - length) / perPage));
  return Array.from({ length: pages }, (_, page) => length + page * perPage);
}
