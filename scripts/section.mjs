import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const PAGE = "docs/operate/reliability.md";

/** What is between the markers of a section; nothing if it is not there. */
export function readSection(name) {
  const page = existsSync(PAGE) ? readFileSync(PAGE, "utf8") : "";
  return page.split(`<!-- ${name} -->`)[1]?.split(`<!-- /${name} -->`)[0] ?? "";
}

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
  execFileSync("npx", ["prettier", "--log-level", "warn", "--write", PAGE], { stdio: "inherit" });
}
