import { KagziError } from "@kagzi/core";
import type { Command } from "commander";
import type { AuditEntry } from "kagzi";
import { table } from "./apikey.ts";
import { type ClientFlags, answer, inNamespace } from "./client.ts";

interface Flags extends ClientFlags {
  readonly allNamespaces?: boolean;
  readonly limit: string;
}

/** The commands about what was done by hand. */
export function addAudit(kagzi: Command): void {
  const audit = kagzi.command("audit").description("look at what was done by hand, and by whom");
  inNamespace(audit.command("list"))
    .description("list what was done, the newest first")
    .option("--all-namespaces", "in all namespaces, and outside of them")
    .option("--limit <number>", "at most so many", "100")
    .action((flags: Flags) => {
      const limit = limitOf(flags.limit);
      return answer(
        flags,
        async (client) => {
          const found: AuditEntry[] = [];
          for await (const entry of client.auditLog.list({ allNamespaces: flags.allNamespaces ?? false })) {
            if (found.push(entry) === limit) break;
          }
          return found;
        },
        { text: asTable, json: (found) => `${JSON.stringify(found, undefined, 2)}\n` },
      );
    });
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 100_000) return limit;
  throw new KagziError(
    "INVALID_ARGUMENT",
    `--limit must be a whole number from 1 to 100000, not ${JSON.stringify(text)}`,
  );
}

const HEAD = ["AT", "WHO", "ACTION", "SUBJECT", "NAMESPACE", "OUTCOME"];

function asTable(entries: readonly AuditEntry[]): string {
  const rows = entries.map(({ action, actor, actorName, at, namespace = "", outcome, subject, subjectId }) => [
    at.toISOString(),
    actor === actorName ? actor : `${actorName} (${actor})`,
    action,
    `${subject} ${subjectId}`.trimEnd(),
    namespace,
    outcome,
  ]);
  return table([HEAD, ...rows]);
}
