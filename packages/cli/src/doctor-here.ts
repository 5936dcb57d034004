import { type Context, SETTINGS, WRITTEN } from "./context.ts";
import { veiled } from "./config.ts";
import { type Finding, doubtful, good, wrong } from "./finding.ts";
import { KNOWN_VARIABLES } from "./known-variables.ts";
import { meant } from "./suggest.ts";
import type { Surroundings } from "./surroundings.ts";

/** What the packages ask for. */
const NODE = [20, 19] as const;

/** Whether this Node can run Kagzi. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isNewEnough = major > NODE[0] || (major === NODE[0] && minor >= NODE[1]);
  if (isNewEnough) return good("node", version);
  return wrong("node", `${version} is too old`, `install Node ${NODE.join(".")} or newer`);
}

/** Variables that nobody reads, and that look as if somebody should. */
export function checkVariables(env: Surroundings["env"]): readonly Finding[] {
  const unknown = Object.keys(env).filter((name) => name.startsWith("KAGZI_") && !KNOWN_VARIABLES.includes(name));
  return unknown.map((name) => {
    const near = meant(name, KNOWN_VARIABLES);
    const next = near === undefined ? "take it away if it is no variable of your own" : `is it ${near}?`;
    return doubtful("variables", `${name} is set, and nothing reads it`, next);
  });
}

/** Where to, and where that comes from. */
export function settingsFound(context: Context): readonly Finding[] {
  const named = SETTINGS.map((name) => [WRITTEN[name], context[name]] as const);
  return [["profile", context.profile] as const, ...named].flatMap(([name, setting]) => {
    if (setting === undefined) return [];
    const { source, value } = setting;
    return [good(name, `${name === "api-key" ? veiled(value) : value}, from ${source}`)];
  });
}
