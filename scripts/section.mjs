import { existsSync, readFileSync, writeFileSync } from "node:fs";

const PAGE = "docs/operate/reliability.md";

/** Puts text between the markers of a section of the page of figures, which is added where it is not there. */
export function writeSection(name, text) {
  const page = existsSync(PAGE) ? readFileSync(PAGE, "utf8") : "# What is tested, and how much\n";
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const section = `${begin}\n\n${text}\n\n${end}`;
  const at = page.indexOf(begin);
  const to = page.indexOf(end);
  const changed =
    at < 0 ? `${page.trimEnd()}\n\n${section}\n` : page.slice(0, at) + section + page.slice(to + end.length);
  writeFileSync(PAGE, changed);
}
