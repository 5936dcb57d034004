import { mkdirSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { withExamples } from "./examples.ts";
import { withListening } from "./server.ts";
import { type Flags, readSettings } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";

const DEV_FOLDER = ".kagzi";
const DEV_DB = `sqlite:${DEV_FOLDER}/dev.db`;

/** `kagzi dev` */
export function addDev(kagzi: Command, cli: Surroundings): void {
  const command = withListening(kagzi.command("dev")).description(
    `run a server for development, with its database in ${DEV_FOLDER}/`,
  );
  withExamples(command, "kagzi dev", "kagzi dev --port 50052").action(async (flags: Flags) => {
    mkdirSync(DEV_FOLDER, { recursive: true });
    writeFileSync(`${DEV_FOLDER}/.gitignore`, "*\n");
    const settings = { ...readSettings(flags, cli.env, DEV_DB), db: DEV_DB };
    const { serve } = await import("./serve.ts");
    await serve(settings, (url) => {
      cli.stderr.write(
        `kagzi dev on ${url}, data in ${DEV_FOLDER}/dev.db\nCtrl-C stops it; what was started is kept.\n`,
      );
    });
  });
}
