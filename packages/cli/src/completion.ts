import { type Command, Argument } from "commander";
import { complete } from "./complete.ts";
import { withExamples, withNote } from "./examples.ts";
import { write } from "./output.ts";
import type { Surroundings } from "./surroundings.ts";

const NOTE = `bash: eval "$(kagzi completion bash)" in ~/.bashrc
zsh:  eval "$(kagzi completion zsh)" in ~/.zshrc, after compinit
fish: kagzi completion fish > ~/.config/fish/completions/kagzi.fish
Names of workflows, schedules and namespaces, and ids of runs, are asked of the server.`;

const BASH = `_kagzi() {
  local IFS=$'\\n'
  COMPREPLY=($(kagzi __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _kagzi kagzi
`;

const ZSH = `#compdef kagzi
_kagzi() {
  local -a found
  local value text
  while IFS=$'\\t' read -r value text; do
    found+=("\${value//:/\\\\:}:\${text}")
  done < <(kagzi __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe kagzi found; else _files; fi
}
compdef _kagzi kagzi
`;

const FISH = `function __kagzi_complete
  set -l words (commandline -opc)
  set -e words[1]
  set -l current (commandline -ct)
  kagzi __complete -- $words "$current" 2>/dev/null
end
complete -c kagzi -f -a '(__kagzi_complete)'
`;

const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** `kagzi completion`, and the hidden command that its scripts ask. */
export function addCompletion(kagzi: Command, cli: Surroundings): void {
  const command = kagzi
    .command("completion")
    .description("print a script by which a shell completes commands, options, names and ids")
    .addArgument(new Argument("<shell>", "bash, zsh or fish").choices(Object.keys(SCRIPTS)));
  withExamples(withNote(command, NOTE), "kagzi completion bash", "kagzi completion fish").action((shell: string) =>
    write(cli, SCRIPTS[shell] ?? ""),
  );
  kagzi
    .command("__complete [words...]", { hidden: true })
    .action(async (words: readonly string[]) => write(cli, await complete(kagzi, cli, words)));
}
