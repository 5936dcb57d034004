import type { Command } from "commander";
import { withExamples } from "./examples.ts";
import { hint } from "./output.ts";
import { type PageFlags, listSome, withPages } from "./pages.ts";
import { type RunFilterFlags, runFilter, runsView, withRunFilter } from "./runs.ts";
import { type ServerFlags, inNamespace, inSession, showFound } from "./session.ts";
import type { Surroundings } from "./surroundings.ts";

/** `kagzi run list` */
export function addRunList(run: Command, cli: Surroundings): void {
  const command = inNamespace(withPages(withRunFilter(run.command("list")))).description("list runs, the newest first");
  withExamples(command, "kagzi run list --status failed --since 1d", "kagzi run list --workflow hello -o id").action(
    (flags: ServerFlags & PageFlags & RunFilterFlags) =>
      inSession(cli, flags, async (session) => {
        const { ask, connection, output } = session;
        const filter = await runFilter(session, flags);
        const { next, rows } = await listSome(flags, async (page) => {
          const answer = await ask((options) => connection.workflows.listWorkflows({ ...filter, page }, options));
          return [answer.workflows, answer.page];
        });
        await showFound(session, rows, runsView(output));
        if (next !== undefined) hint(output, `there are more: --limit shows more of them, --cursor ${next} goes on`);
      }),
  );
}
