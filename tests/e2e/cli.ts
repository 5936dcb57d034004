import { cliProgram } from "@kagzi/test-support";

/** What a command came to: its exit code, and what it wrote. */
export interface CommandResult {
  readonly code: unknown;
  readonly output: string;
}

/** Runs `kagzi` with these words to its end. */
export async function kagzi(...words: readonly string[]): Promise<CommandResult> {
  const program = cliProgram(words);
  program.spawn();
  return { code: await program.exited(), output: program.output };
}
