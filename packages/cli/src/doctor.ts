import type { Command } from "commander";
import { readContext } from "./context.ts";
import { checkDatabase } from "./doctor-database.ts";
import { checkNode, checkVariables, settingsFound } from "./doctor-here.ts";
import { checkServer } from "./doctor-server.ts";
import { withDatabase } from "./db.ts";
import { exitCodeOf } from "./exit-code.ts";
import { withExamples, withNote } from "./examples.ts";
import { type Finding, wrong } from "./finding.ts";
import { type Output, createOutput, fieldsText, showList, write } from "./output.ts";
import { type ServerFlags, inNamespace } from "./session.ts";
import type { Flags } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Cell } from "./table.ts";

const NOTE = "The exit code is 0 if nothing is wrong, whatever there is to be said; else it says what was wrong first.";

/** `kagzi doctor` */
export function addDoctor(kagzi: Command, cli: Surroundings): void {
  const command = withDatabase(inNamespace(kagzi.command("doctor"))).description(
    "look for what is wrong: here, on the way to the server, with it and its workers, and with a database",
  );
  withExamples(withNote(command, NOTE), "kagzi doctor", "kagzi doctor --db sqlite:./kagzi.db -o json").action(
    async (flags: ServerFlags & Flags) => {
      const findings = await examine(cli, flags);
      show(createOutput(cli, flags.output), findings);
      const first = findings.find(({ grade }) => grade === "wrong");
      if (first !== undefined) cli.exit(first.exitCode ?? 1);
    },
  );
}

async function examine(cli: Surroundings, flags: ServerFlags & Flags): Promise<readonly Finding[]> {
  const here = [checkNode(process.versions.node), ...checkVariables(cli.env)];
  const database = flags.db === undefined ? [] : await checkDatabase(cli, flags);
  try {
    const context = readContext(cli, flags);
    return [...here, ...settingsFound(context), ...(await checkServer(cli, context)), ...database];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const next = "mend the file, or kagzi config set; kagzi config show says where values come from";
    return [...here, { ...wrong("config", message, next), exitCode: exitCodeOf(error) }, ...database];
  }
}

const GRADE: Readonly<Record<Finding["grade"], Cell>> = {
  good: { text: "✓", plain: "good", colour: "green" },
  doubtful: { text: "!", plain: "doubtful", colour: "yellow" },
  wrong: { text: "✗", plain: "wrong", colour: "red" },
};

function show(output: Output, findings: readonly Finding[]): void {
  if (output.format === "table" && output.isTerminal) {
    const lines = findings.map(({ grade, message, name, next }) => {
      const { colour = "dim", text } = GRADE[grade];
      const advice = next === undefined ? "" : `\n→ ${next}`;
      return [`${text} ${name}`, { text: message + advice, ...(grade !== "good" && { colour }) }] as const;
    });
    return write(output.cli, fieldsText({ ...output, paint: (_, text) => text }, lines));
  }
  showList(output, findings, {
    columns: [
      { title: "GRADE", cell: ({ grade }) => GRADE[grade] },
      { title: "WHAT", cell: ({ name }) => name },
      { title: "FOUND", cell: ({ message }) => message },
      { title: "DO", cell: ({ next }) => next },
    ],
    json: ({ grade, message, name, next }) => ({ name, grade, message, ...(next !== undefined && { next }) }),
    id: ({ name }) => name,
    none: "nothing was looked at",
  });
}
