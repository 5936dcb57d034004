import { existsSync, readFileSync, writeFileSync } from "node:fs";

/** Puts text between the markers `<!-- name -->` and `<!-- /name -->` of a page, at its end if it has none yet. */
export function writeSection(page: string, name: string, text: string): void {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const before = existsSync(page) ? readFileSync(page, "utf8") : "# Reliability, measured\n";
  const from = before.indexOf(begin);
  const until = before.indexOf(end);
  const section = `${begin}\n\n${text.trim()}\n\n${end}`;
  const after =
    from === -1 || until === -1
      ? `${before.trimEnd()}\n\n${section}\n`
      : before.slice(0, from) + section + before.slice(until + end.length);
  writeFileSync(page, after);
}
