/** What {@link Context.race} gives: which came first, and with what. */
export type RaceResult<Entries> = {
  [Name in keyof Entries]: { readonly winner: Name; readonly value: Awaited<Entries[Name]> };
}[keyof Entries];

/** Waits for the first of some promises to settle, and gives the others up. Fails as the first one fails. */
export async function race<Entries extends Readonly<Record<string, unknown>>>(
  entries: Entries,
  giveUp: (loser: unknown) => void,
): Promise<RaceResult<Entries>> {
  const names: readonly string[] = Object.keys(entries);
  let winner: string | undefined;
  const contestants = names.map(async (name) => {
    try {
      return { winner: name, value: await entries[name] };
    } finally {
      winner ??= name;
    }
  });
  try {
    return (await Promise.race(contestants)) as RaceResult<Entries>;
  } finally {
    for (const name of names) if (name !== winner) giveUp(entries[name]);
  }
}
