import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { KagziError, notFound } from "@kagzi/core";
import type { Command } from "commander";
import {
  type ContextFlags,
  SETTINGS,
  type Setting,
  type SettingName,
  type UserConfig,
  WRITTEN,
  readContext,
  readUserConfig,
  userConfigPath,
} from "./context.ts";
import { group, withExamples, withNote } from "./examples.ts";
import { createOutput, said, showList } from "./output.ts";
import { withOutput } from "./session.ts";
import { meant } from "./suggest.ts";
import type { Surroundings } from "./surroundings.ts";

const NOTE =
  "A flag goes before an environment variable, this before kagzi.json in the project's folder, this before the profile of the user.";

type Flags = ContextFlags & { readonly output?: string };

/** The commands about profiles. */
export function addConfig(kagzi: Command, cli: Surroundings): void {
  const config = group(kagzi, "config", "keep the servers that you speak to as profiles");
  addShow(config, cli);
  addSet(config, cli);
  addUse(config, cli);
}

function addShow(config: Command, cli: Surroundings): void {
  const command = withOutput(config.command("show"))
    .description("show what is set, and where each value comes from")
    .option("--profile <name>", "of another profile");
  withExamples(withNote(command, NOTE), "kagzi config show", "kagzi config show -o json").action((flags: Flags) => {
    const { apiKey, namespace, profile, url } = readContext(cli, flags);
    const settings = { profile, url, namespace, "api-key": apiKey && { ...apiKey, value: veiled(apiKey.value) } };
    const rows = Object.entries(settings).flatMap(([name, setting]) =>
      setting === undefined ? [] : [{ name, ...setting }],
    );
    showList(createOutput(cli, flags.output), rows, {
      columns: [
        { title: "SETTING", cell: ({ name }) => name },
        { title: "VALUE", cell: ({ value }) => value, narrow: "cut" },
        { title: "FROM", cell: ({ source }) => source, narrow: "cut" },
      ],
      json: ({ name, source, value }) => ({ name, value, source }),
      id: ({ name }) => name,
      none: "nothing is set",
    });
  });
}

/** A key is told from another one, and not given away. */
export function veiled(key: Setting["value"]): string {
  return key.length <= 12 ? "…" : `${key.slice(0, 8)}…`;
}

function addSet(config: Command, cli: Surroundings): void {
  const names = SETTINGS.map((each) => WRITTEN[each]);
  const command = withOutput(config.command("set <setting> [value]"))
    .description(`set ${names.join(", ")} of a profile; without a value it is taken away`)
    .option("--profile <name>", "of this profile, which is made if need be (default: the one that is used)");
  withExamples(
    withNote(command, NOTE),
    "kagzi config set url http://localhost:50051",
    "kagzi config set namespace production --profile production",
  ).action((text: string, value: string | undefined, flags: Flags) => {
    const name = settingNamed(text);
    if (name === "url" && value !== undefined) checkUrl(value);
    if (value === "")
      throw new KagziError("INVALID_ARGUMENT", `${text} cannot be empty; without a value it is taken away`);
    const user = readUserConfig(cli);
    const profile = flags.profile ?? user.current ?? "default";
    const { [name]: _, ...rest } = user.profiles[profile] ?? {};
    const values = { ...rest, ...(value !== undefined && { [name]: value }) };
    saveUserConfig(cli, { current: user.current ?? profile, profiles: { ...user.profiles, [profile]: values } });
    const sentence =
      value === undefined
        ? `took ${text} from profile ${profile}`
        : `set ${text} of profile ${profile} to ${name === "apiKey" ? veiled(value) : value}`;
    said(createOutput(cli, flags.output), `${sentence} in ${userConfigPath(cli)}`, { json: { profile }, id: profile });
  });
}

function addUse(config: Command, cli: Surroundings): void {
  const command = withOutput(config.command("use <profile>")).description("use a profile from now on");
  withExamples(command, "kagzi config use production", "kagzi config use default -o id").action(
    (profile: string, flags: Flags) => {
      const user = readUserConfig(cli);
      if (!Object.hasOwn(user.profiles, profile)) {
        const near = meant(profile, Object.keys(user.profiles));
        const advice = near === undefined ? `kagzi config set url URL --profile ${profile} makes it` : `is it ${near}?`;
        throw notFound("profile", profile, advice);
      }
      saveUserConfig(cli, { ...user, current: profile });
      said(createOutput(cli, flags.output), `profile ${profile} is used from now on`, {
        json: { profile },
        id: profile,
      });
    },
  );
}

function settingNamed(text: string): SettingName {
  const found = SETTINGS.find((each) => WRITTEN[each] === text);
  if (found !== undefined) return found;
  const known = SETTINGS.map((each) => WRITTEN[each]);
  const near = meant(text, known);
  const advice = near === undefined ? `give one of ${known.join(", ")}` : `is it ${near}?`;
  throw new KagziError("INVALID_ARGUMENT", `${JSON.stringify(text)} is no setting: ${advice}`);
}

function checkUrl(text: string): void {
  if (URL.canParse(text) && /^https?:$/u.test(new URL(text).protocol)) return;
  const example = "give one like http://localhost:50051";
  throw new KagziError("INVALID_ARGUMENT", `${JSON.stringify(text)} is no address of a server: ${example}`);
}

/** Only its user reads the file: it may hold keys. */
function saveUserConfig(cli: Surroundings, config: UserConfig): void {
  const path = userConfigPath(cli);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const written = `${path}.${process.pid}`;
  writeFileSync(written, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(written, path);
}
