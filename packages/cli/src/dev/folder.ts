import { mkdirSync, writeFileSync } from "node:fs";

const FOLDER = ".kagzi";

/** Where `kagzi dev` keeps what is started, unless it is told otherwise. */
export const FOLDER_DB = `sqlite:${FOLDER}/dev.db`;

/** Makes the folder of the database; git does not see it. */
export function makeFolder(): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}/.gitignore`, "*\n");
}
