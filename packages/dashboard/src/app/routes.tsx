import type { ReactNode } from "react";
import { RunScreen } from "../screens/run/run-screen.tsx";
import { RunsScreen } from "../screens/runs/runs-screen.tsx";
import { StartScreen } from "../screens/start/start-screen.tsx";

/** A screen of the dashboard: one folder under `screens/` each. */
export interface Route {
  /** Begins with `/:namespace`; `:names` are values that the screen is given. */
  readonly path: string;
  readonly screen: (values: Readonly<Record<string, string>>) => ReactNode;
  /** Its place in the navigation; absent: it is reached from others. `key` follows `g` on the keyboard. */
  readonly nav?: { readonly label: string; readonly key: string };
}

/** In the order of the navigation. The first that matches is shown. */
export const ROUTES: readonly Route[] = [
  { path: "/:namespace/runs", screen: () => <RunsScreen />, nav: { label: "Runs", key: "r" } },
  { path: "/:namespace/runs/:id", screen: ({ id = "" }) => <RunScreen key={id} runId={id} part="timeline" /> },
  {
    path: "/:namespace/runs/:id/:part",
    screen: ({ id = "", part = "" }) => <RunScreen key={id} runId={id} part={part} />,
  },
  { path: "/:namespace/start", screen: () => <StartScreen />, nav: { label: "Start a run", key: "n" } },
];
