import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../", import.meta.url);

/** A row of a page whose first cell is a number in bold. */
export interface Row {
  readonly id: string;
  readonly cells: readonly string[];
}

export function readPage(path: string): string {
  return readFileSync(new URL(path, ROOT), "utf8");
}

/** The rows of all tables of a page that have a number. */
export function rowsOf(page: string): readonly Row[] {
  return page.split("\n").flatMap((line) => {
    const id = /^\| \*\*(\w+)\*\* +\|/.exec(line)?.[1];
    if (id === undefined) return [];
    return [
      {
        id,
        cells: line
          .split("|")
          .slice(2, -1)
          .map((cell) => cell.trim()),
      },
    ];
  });
}

/** What is wrong with the tests that a cell names, as `file › title`. */
export function wrongProofs(cell: string): readonly string[] {
  const named = Array.from(cell.matchAll(/`([^`]+)`/g), ([, name]) => name ?? "");
  if (named.length === 0) return [`names no test: ${cell}`];
  return named.flatMap((name) => {
    const [file = "", title] = name.split(" › ");
    if (title === undefined || title === "") return [`names a file without a title: ${name}`];
    const path = fileURLToPath(new URL(file, ROOT));
    if (!existsSync(path)) return [`there is no ${file}`];
    return hasTitle(readFileSync(path, "utf8"), title) ? [] : [`no test of ${file} is called: ${title}`];
  });
}

/** Whether a text begins with the title, as far as it does not depend on the test's data. */
function hasTitle(source: string, title: string): boolean {
  const [fixed = ""] = title.split("%");
  return ['"', "`", "'"].some((quote) => source.includes(quote + fixed));
}
