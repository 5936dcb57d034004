import type { TimeZone } from "./format.ts";
import { recall, remember } from "./memory.ts";
import { createSetting } from "./setting.ts";

/** In which zone points in time are written. */
export const timeZone = createSetting<TimeZone>({
  values: ["local", "utc"],
  recalled: recall("time-zone"),
  onChange: (value) => remember("time-zone", value),
});

/** `UTC`, or the name of the zone that the browser is in. */
export function zoneName(zone: TimeZone): string {
  return zone === "utc" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone;
}
