import type { Mutant } from "./list.mjs";

export function chosenMutant(): Mutant | undefined;
export function isOf(mutant: Mutant, path: string): boolean;
export function sourceOf(mutant: Mutant): string;
export function mutate(mutant: Pick<Mutant, "name" | "from" | "to">, code: string): string;
