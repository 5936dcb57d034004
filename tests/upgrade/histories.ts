import { existsSync, readFileSync, readdirSync } from "node:fs";
import type { ExportedHistory } from "kagzi";

/** Histories that runs had under releases: one file for each release. */
export const HISTORIES = new URL("histories/", import.meta.url);

export function histories(): readonly (readonly [release: string, history: ExportedHistory])[] {
  if (!existsSync(HISTORIES)) return [];
  return readdirSync(HISTORIES)
    .toSorted()
    .flatMap((file) => {
      const kept = JSON.parse(readFileSync(new URL(file, HISTORIES), "utf8")) as ExportedHistory[];
      return kept.map((history) => [file.replace(".json", ""), history] as const);
    });
}
