import type { Command } from "commander";

const EXAMPLES = new WeakMap<Command, readonly string[]>();
/** What may follow without being a command of its own: the text that comes after it is shown with the help. */
const NOTES = new WeakMap<Command, string>();

/** Gives a command its examples, which its help shows. Each of them is run by a test. */
export function withExamples(command: Command, ...examples: readonly [string, string, ...string[]]): Command {
  EXAMPLES.set(command, examples);
  return command.addHelpText("after", () => `\nExamples:\n${examples.map((each) => `  $ ${each}`).join("\n")}`);
}

/** Says more about a command than one line can; its help shows it before the examples. */
export function withNote(command: Command, note: string): Command {
  NOTES.set(command, note);
  return command.addHelpText("after", `\n${note}`);
}

export function examplesOf(command: Command): readonly string[] {
  return EXAMPLES.get(command) ?? [];
}

export function noteOf(command: Command): string | undefined {
  return NOTES.get(command);
}

/** A command that has others under it, and goes by its plural, too. Its examples are the first ones of its first two, or those of its only one. */
export function group(parent: Command, name: string, description: string): Command {
  const made = parent.command(name).alias(`${name}s`).description(description);
  return made.addHelpText("after", () => {
    const ofEach = made.commands.length > 1 ? 1 : 2;
    const shown = made.commands.flatMap((each) => examplesOf(each).slice(0, ofEach)).slice(0, 2);
    return `\nExamples:\n${shown.map((each) => `  $ ${each}`).join("\n")}`;
  });
}
