/** What an array parameter may hold. */
export type Element = string | number | boolean | null;

/**
 * An array as PostgreSQL reads it in text (PostgreSQL 15, 8.15.6 "Array Input and Output Syntax"). Batches are arrays of a
 * few hundred elements each, and there are dozens of them in a statement: only text that needs quotes is looked through.
 */
export function arrayLiteral(elements: readonly Element[]): string {
  return `{${elements.map(elementLiteral).join(",")}}`;
}

function elementLiteral(element: Element): string {
  if (element === null) return "NULL";
  return typeof element === "string" ? quoted(element) : String(element);
}

function quoted(text: string): string {
  return /["\\]/u.test(text) ? `"${text.replaceAll(/["\\]/gu, "\\$&")}"` : `"${text}"`;
}
