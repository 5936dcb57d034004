/** What is run to find a bug. */
export interface Suite {
  readonly project: string;
  readonly files: readonly string[];
  /** Of the tests in them: those of these names. */
  readonly only?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A bug that is made on purpose. */
export interface Mutant {
  readonly name: string;
  readonly what: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly suites: readonly Suite[];
}

export const MUTANTS: readonly Mutant[];
