import type { Command } from "commander";
import { examplesOf, noteOf } from "./examples.ts";
import { COMMON } from "./session.ts";

/** The page of the command line, made of the commands themselves. */
export function reference(kagzi: Command): string {
  return `${[HEAD, ...kagzi.commands.flatMap(sections)].join("\n\n")}\n`;
}

const HEAD = `# The command line

This page is made of the commands: \`npm run cli:reference\` writes it.

| exit code | means                                                   |
| --------- | ------------------------------------------------------- |
| 0         | done                                                    |
| 1         | something went wrong inside                             |
| 2         | the command makes no sense                              |
| 3         | there is no such thing                                  |
| 4         | conflict: the state of the thing does not allow it      |
| 5         | not authorised                                          |
| 6         | the server cannot be reached                            |
| 7         | the run failed (\`--wait\`, \`--follow\`, \`follow\`, \`result\`) |
| 8         | the run was cancelled (the same)                        |
| 9         | the wait was over before the run was                    |
| 130       | interrupted by Ctrl-C                                   |

Data goes to standard output, all else to standard error. \`-o table\` is a table on a terminal and the same columns, separated by
tabs and without a header, elsewhere; times are relative on a terminal and RFC 3339 elsewhere, spans are in milliseconds there. \`-o json\` and
\`-o jsonl\` are the messages of the contract in the JSON of Protocol Buffers: fields that are empty are left out, payloads are Base64
(\`jq '.input.data | @base64d | fromjson'\`). \`-o id\` is the ids alone. Colours are for terminals; \`NO_COLOR\` and \`FORCE_COLOR\` say otherwise.

Commands that speak to a server take \`--url\`, \`--api-key\`, \`--profile\`, \`-n, --namespace\` and \`-o, --output\`. Where to, in this order: a flag, an environment variable, \`kagzi.json\` in the folder of the project or above it (\`url\`, \`namespace\`, \`profile\`), the profile
of the user in \`~/.config/kagzi/config.json\` (or below \`XDG_CONFIG_HOME\`). \`kagzi config show\` says where each value comes from.`;

function sections(command: Command): readonly string[] {
  if (command.name().startsWith("__")) return [];
  const title = usage(command).replaceAll(/[<[]/gu, "\\$&");
  if (command.commands.length > 0) {
    // One that does something by itself, too, says what it takes.
    const own = command.registeredArguments.length > 0 ? details(command) : [sentence(command)];
    return [[`## ${title}`, ...own].join("\n\n"), ...command.commands.flatMap(sections)];
  }
  return [`${command.parent?.parent === null ? "##" : "###"} ${title}`, ...details(command)];
}

function details(command: Command): readonly string[] {
  const note = noteOf(command);
  return [
    sentence(command),
    ...(note === undefined ? [] : [code("text", note)]),
    ...options(command),
    code("sh", examplesOf(command).join("\n")),
  ];
}

function code(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

function path(command: Command): string {
  return command.parent === null ? command.name() : `${path(command.parent)} ${command.name()}`;
}

function usage(command: Command): string {
  const words = command.registeredArguments.map((each) => {
    const name = each.variadic ? `${each.name()}...` : each.name();
    return each.required ? `<${name}>` : `[${name}]`;
  });
  return [path(command), ...words].join(" ");
}

function sentence(command: Command): string {
  const text = command.description();
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

/** Those that the command has for itself. */
function options(command: Command): readonly string[] {
  const own = command.options.filter(({ helpGroupHeading }) => helpGroupHeading !== COMMON);
  const rows = own.map(
    ({ description, flags }) => `| \`${flags}\` | ${description.replaceAll("|", "\\|").replaceAll("<", "\\<")} |`,
  );
  return own.length === 0 ? [] : [["| option | |", "| --- | --- |", ...rows].join("\n")];
}
