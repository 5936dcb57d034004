import { appendFileSync } from "node:fs";
import { MUTANTS } from "./list.mjs";

/** The bug that the environment names. */
export function chosenMutant() {
  const name = process.env.KAGZI_MUTANT;
  if (name === undefined) return undefined;
  const mutant = MUTANTS.find((each) => each.name === name);
  if (mutant === undefined) throw new Error(`there is no mutant ${name}`);
  return mutant;
}

/** Whether a module is the one that a mutant changes, built or as it is written. */
export function isOf(mutant, path) {
  const file = path.split("?")[0];
  return file.endsWith(`/${mutant.file}`) || file.endsWith(`/${sourceOf(mutant)}`);
}

export function sourceOf({ file }) {
  return file.replace("/dist/", "/src/").replace(/\.js$/, ".ts");
}

/** A module with the bug in it. @throws Error unless its text is there exactly once */
export function mutate({ from, name, to }, code) {
  const parts = code.split(from);
  if (parts.length !== 2) throw new Error(`mutant ${name}: its text is there ${parts.length - 1} times, not once`);
  // Whoever runs the tests sees that the bug was in what they ran.
  if (process.env.KAGZI_MUTANT_LOG !== undefined) appendFileSync(process.env.KAGZI_MUTANT_LOG, `${name}\n`);
  return parts.join(to);
}
