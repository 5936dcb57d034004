import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { KagziError, notFound } from "@kagzi/core";
import { meant } from "./suggest.ts";
import type { Surroundings } from "./surroundings.ts";

/** What can be set for the commands that speak to a server. */
export const SETTINGS = ["url", "namespace", "apiKey"] as const;
export type SettingName = (typeof SETTINGS)[number];
export type Profile = Readonly<Partial<Record<SettingName, string>>>;

/** The file of a user: profiles, and the one that is used. */
export interface UserConfig {
  readonly current?: string;
  readonly profiles: Readonly<Record<string, Profile>>;
}

/** A value, and where it comes from. */
export interface Setting {
  readonly value: string;
  readonly source: string;
}

/** Which server is spoken to, for which namespace, as whom. */
export interface Context {
  readonly url: Setting;
  readonly namespace: Setting;
  readonly apiKey?: Setting;
  readonly profile?: Setting;
}

/** Options that say where to. */
export type ContextFlags = Readonly<Partial<Record<SettingName | "profile", string>>>;

export const PROJECT_FILE = "kagzi.json";
const DEFAULTS: Profile = { url: "http://localhost:50051", namespace: "default" };
const VARIABLE = { url: "KAGZI_URL", namespace: "KAGZI_NAMESPACE", apiKey: "KAGZI_API_KEY" } as const;
const FLAG = { url: "--url", namespace: "--namespace", apiKey: "--api-key" } as const;

/** A setting as users write it. */
export const WRITTEN = { url: "url", namespace: "namespace", apiKey: "api-key" } as const;

/**
 * Flags go before environment variables, these before the file of the project, this before the profile of the user. A
 * profile that is named by a flag is a flag.
 * @throws KagziError `INVALID_ARGUMENT` for a file that makes no sense; `NOT_FOUND` for a profile that is not there
 */
export function readContext(cli: Surroundings, flags: ContextFlags): Context {
  const user = readUserConfig(cli);
  const project = readProject(cli);
  const profile = chosenProfile(cli, flags, { user, project });
  const values = profile === undefined ? {} : profileNamed(user, profile);
  const named = `profile ${profile?.value ?? ""}`;
  const sources = (name: SettingName): readonly (readonly [source: string, value: string | undefined])[] => [
    [FLAG[name], flags[name]],
    ...(flags.profile === undefined ? [] : [[named, values[name]] as const]),
    [VARIABLE[name], cli.env[VARIABLE[name]] === "" ? undefined : cli.env[VARIABLE[name]]],
    [project?.path ?? PROJECT_FILE, name === "apiKey" ? undefined : project?.values[name]],
    [named, values[name]],
    ["the default", DEFAULTS[name]],
  ];
  const setting = (name: SettingName): Setting | undefined => {
    const [source, value] = sources(name).find(([, each]) => each !== undefined) ?? [];
    return source === undefined || value === undefined ? undefined : { value, source };
  };
  const [url, namespace, apiKey] = SETTINGS.map(setting);
  if (url === undefined || namespace === undefined) throw new KagziError("INTERNAL", "there is no default");
  return {
    url,
    namespace,
    ...(apiKey !== undefined && { apiKey }),
    ...(profile !== undefined && { profile }),
  };
}

/** The file with the profiles of the user. */
export function userConfigPath({ env, home }: Surroundings): string {
  const given = env["XDG_CONFIG_HOME"] ?? "";
  return join(given === "" ? join(home, ".config") : given, "kagzi", "config.json");
}

/** @throws KagziError `INVALID_ARGUMENT` for a file that makes no sense */
export function readUserConfig(cli: Surroundings): UserConfig {
  const path = userConfigPath(cli);
  if (!existsSync(path)) return { profiles: {} };
  const { current, profiles = {} } = checkKeys(path, readObject(path), ["current", "profiles"]);
  if (current !== undefined && typeof current !== "string") throw invalid(path, "current must be a text");
  if (!isObject(profiles)) throw invalid(path, "profiles must be an object");
  const checked = Object.entries(profiles).map(([name, values]) => {
    if (!isObject(values)) throw invalid(path, `profile ${JSON.stringify(name)} must be an object`);
    return [name, texts(path, checkKeys(path, values, SETTINGS))] as const;
  });
  return { profiles: Object.fromEntries(checked), ...(current !== undefined && { current }) };
}

interface Project {
  readonly path: string;
  readonly values: Profile & { readonly profile?: string };
}

/** The file of the project: in the working folder, or the nearest one above it that has one. */
function readProject(cli: Surroundings): Project | undefined {
  for (let folder = cli.cwd; ; folder = dirname(folder)) {
    const path = join(folder, PROJECT_FILE);
    if (existsSync(path)) {
      // A key does not belong into a file that is shared with everyone who has the code.
      return { path, values: texts(path, checkKeys(path, readObject(path), ["url", "namespace", "profile"])) };
    }
    if (folder === dirname(folder)) return undefined;
  }
}

function chosenProfile(
  { env }: Surroundings,
  flags: ContextFlags,
  { project, user }: { readonly user: UserConfig; readonly project: Project | undefined },
): Setting | undefined {
  const sources = [
    ["--profile", flags.profile],
    ["KAGZI_PROFILE", env["KAGZI_PROFILE"] === "" ? undefined : env["KAGZI_PROFILE"]],
    [project?.path ?? PROJECT_FILE, project?.values.profile],
    ["kagzi config use", user.current],
  ] as const;
  const [source, value] = sources.find(([, each]) => each !== undefined) ?? [];
  return source === undefined || value === undefined ? undefined : { value, source };
}

function profileNamed({ profiles }: UserConfig, { source, value }: Setting): Profile {
  const found = Object.hasOwn(profiles, value) ? profiles[value] : undefined;
  if (found !== undefined) return found;
  const near = meant(value, Object.keys(profiles));
  const advice = near === undefined ? `make it with kagzi config set url URL --profile ${value}` : `is it ${near}?`;
  throw notFound("profile", value, `${source} names it; ${advice}`);
}

function readObject(path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (isObject(value)) return value;
  } catch (cause) {
    throw invalid(path, cause instanceof Error ? cause.message : String(cause));
  }
  throw invalid(path, "it holds no object");
}

function checkKeys<Key extends string>(
  path: string,
  values: Record<string, unknown>,
  known: readonly Key[],
): Partial<Record<Key, unknown>> {
  const other = Object.keys(values).find((key) => !known.some((each) => each === key));
  if (other === undefined) return values as Partial<Record<Key, unknown>>;
  const near = meant(other, known);
  throw invalid(
    path,
    `${JSON.stringify(other)} is not known: ${near === undefined ? known.join(", ") : `is it ${near}?`}`,
  );
}

function texts<Key extends string>(path: string, values: Partial<Record<Key, unknown>>): Partial<Record<Key, string>> {
  const other = Object.entries(values).find(([, value]) => typeof value !== "string" || value === "");
  if (other !== undefined) throw invalid(path, `${other[0]} must be a text that is not empty`);
  return values as Partial<Record<Key, string>>;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(path: string, what: string): KagziError {
  return new KagziError("INVALID_ARGUMENT", `${path} cannot be used: ${what}`);
}
