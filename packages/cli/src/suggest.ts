/** The one of `known` that `text` was most likely meant to be, if any comes near. */
export function meant(text: string, known: readonly string[]): string | undefined {
  const ranked = known.map((each) => [distance(text, each), each] as const).toSorted(([a], [b]) => a - b);
  const [nearest, name] = ranked[0] ?? [Number.POSITIVE_INFINITY];
  return nearest <= Math.max(2, Math.floor(text.length / 4)) ? name : undefined;
}

/** How many characters have to be put in, left out or changed. */
function distance(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (before[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(changed, (before[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    before = row;
  }
  return before[b.length] ?? 0;
}
