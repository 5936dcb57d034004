import type { Command } from "commander";
import { withExamples, withNote } from "./examples.ts";
import { RUN_NOTE, findRun } from "./find-run.ts";
import { readContext } from "./context.ts";
import { createOutput, showRecord } from "./output.ts";
import { runLink } from "./runs.ts";
import { type ServerFlags, inNamespace, inSession } from "./session.ts";
import type { Surroundings } from "./surroundings.ts";

/** `kagzi open` */
export function addOpen(kagzi: Command, cli: Surroundings): void {
  const command = inNamespace(kagzi.command("open [run]")).description(
    "print the address of the dashboard, or of a run in it",
  );
  withExamples(withNote(command, RUN_NOTE), "kagzi open", "kagzi open latest").action(
    async (text: string | undefined, flags: ServerFlags) => {
      if (text !== undefined) {
        return inSession(cli, flags, async (session) => {
          const link = runLink(session, await findRun(session, text));
          showRecord(session.output, { fields: [["dashboard", link]], json: { url: link }, id: link });
        });
      }
      const { namespace, url } = readContext(cli, flags);
      const link = `${url.value.replace(/\/+$/u, "")}/${encodeURIComponent(namespace.value)}/runs`;
      showRecord(createOutput(cli, flags.output), { fields: [["dashboard", link]], json: { url: link }, id: link });
    },
  );
}
