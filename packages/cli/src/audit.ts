import type { Command } from "commander";
import type { AuditEntry } from "kagzi";
import { group, withExamples } from "./examples.ts";
import { type ListView, type Output, showList, timeCell } from "./output.ts";
import { type ServerFlags, inNamespace, inSession } from "./session.ts";
import { wholeNumber } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";

interface Flags extends ServerFlags {
  readonly allNamespaces?: boolean;
  readonly limit: string;
}

/** The commands about what was done by hand. */
export function addAudit(kagzi: Command, cli: Surroundings): void {
  const audit = group(kagzi, "audit", "look at what was done by hand, and by whom");
  const list = inNamespace(audit.command("list"))
    .description("list what was done, the newest first")
    .option("--all-namespaces", "in all namespaces, and outside of them")
    .option("--limit <number>", "at most so many", "100");
  withExamples(list, "kagzi audit list", "kagzi audit list --all-namespaces --limit 20 -o jsonl").action(
    ({ allNamespaces = false, limit, ...flags }: Flags) =>
      inSession(cli, flags, async ({ client, output }) => {
        const most = wholeNumber("--limit", limit, 1, 100_000);
        const found: AuditEntry[] = [];
        for await (const entry of client.auditLog.list({ allNamespaces })) {
          if (found.push(entry) === most) break;
        }
        showList(output, found, auditView(output));
      }),
  );
}

function auditView(output: Output): ListView<AuditEntry> {
  return {
    columns: [
      { title: "AT", cell: ({ at }) => timeCell(output, at) },
      { title: "WHO", cell: ({ actor, actorName }) => (actor === actorName ? actor : `${actorName} (${actor})`) },
      { title: "ACTION", cell: ({ action }) => action },
      { title: "SUBJECT", cell: ({ subject, subjectId }) => `${subject} ${subjectId}`.trimEnd(), narrow: "cut" },
      { title: "NAMESPACE", cell: ({ namespace = "" }) => namespace, narrow: 1 },
      { title: "OUTCOME", cell: ({ outcome }) => outcome },
    ],
    json: ({ at, ...entry }) => ({ at: at.toISOString(), ...entry }),
    id: ({ id }) => id,
    none: "nothing was done by hand yet",
  };
}
