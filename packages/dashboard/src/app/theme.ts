import { forget, recall, remember } from "./memory.ts";
import { createSetting } from "./setting.ts";

export type Theme = "system" | "light" | "dark";

/** The colours: as the system has them, or as somebody chose. */
export const theme = createSetting<Theme>({
  values: ["system", "light", "dark"],
  recalled: recall("theme"),
  onChange: (value) => {
    if (value === "system") forget("theme");
    else remember("theme", value);
    show(value);
  },
});

/** Before the first paint. */
export function showTheme(): void {
  show(theme.read());
}

function show(value: Theme): void {
  if (value === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = value;
}
