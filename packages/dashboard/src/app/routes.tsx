import type { ReactNode } from "react";
import { AboutScreen } from "../screens/about/about-screen.tsx";
import { ApiKeysScreen } from "../screens/api-keys/api-keys-screen.tsx";
import { AuditScreen } from "../screens/audit/audit-screen.tsx";
import { ErrorsScreen } from "../screens/errors/errors-screen.tsx";
import { EventsScreen } from "../screens/events/events-screen.tsx";
import { LimitsScreen } from "../screens/limits/limits-screen.tsx";
import { NamespacesScreen } from "../screens/namespaces/namespaces-screen.tsx";
import { OverviewScreen } from "../screens/overview/overview-screen.tsx";
import { QueuesScreen } from "../screens/queues/queues-screen.tsx";
import { RunScreen } from "../screens/run/run-screen.tsx";
import { RunsScreen } from "../screens/runs/runs-screen.tsx";
import { ScheduleForm } from "../screens/schedule/schedule-form.tsx";
import { ScheduleScreen } from "../screens/schedule/schedule-screen.tsx";
import { SchedulesScreen } from "../screens/schedules/schedules-screen.tsx";
import { StartScreen } from "../screens/start/start-screen.tsx";
import { WorkerScreen } from "../screens/worker/worker-screen.tsx";
import { WorkersScreen } from "../screens/workers/workers-screen.tsx";
import { WorkflowScreen } from "../screens/workflow/workflow-screen.tsx";
import { WorkflowsScreen } from "../screens/workflows/workflows-screen.tsx";

/** A screen of the dashboard: one folder under `screens/` each. */
export interface Route {
  /** Begins with `/:namespace`; `:names` are values that the screen is given. */
  readonly path: string;
  readonly screen: (values: Readonly<Record<string, string>>) => ReactNode;
  /**
   * Its place in the navigation; absent: it is reached from others. `key` follows `g` on the keyboard. `beginsGroup`: it
   * stands apart from those above it.
   */
  readonly nav?: { readonly label: string; readonly key: string; readonly beginsGroup?: boolean };
}

/** In the order of the navigation. The first that matches is shown. */
export const ROUTES: readonly Route[] = [
  { path: "/:namespace", screen: () => <OverviewScreen />, nav: { label: "Overview", key: "o" } },
  { path: "/:namespace/runs", screen: () => <RunsScreen />, nav: { label: "Runs", key: "r" } },
  { path: "/:namespace/runs/:id", screen: ({ id = "" }) => <RunScreen key={id} runId={id} part="timeline" /> },
  {
    path: "/:namespace/runs/:id/:part",
    screen: ({ id = "", part = "" }) => <RunScreen key={id} runId={id} part={part} />,
  },
  { path: "/:namespace/start", screen: () => <StartScreen />, nav: { label: "Start a run", key: "n" } },
  { path: "/:namespace/workflows", screen: () => <WorkflowsScreen />, nav: { label: "Workflows", key: "w" } },
  { path: "/:namespace/workflows/:name", screen: ({ name = "" }) => <WorkflowScreen key={name} workflow={name} /> },
  { path: "/:namespace/schedules", screen: () => <SchedulesScreen />, nav: { label: "Schedules", key: "s" } },
  { path: "/:namespace/schedules/:id", screen: ({ id = "" }) => <ScheduleScreen key={id} scheduleId={id} part="" /> },
  {
    path: "/:namespace/schedules/:id/:part",
    screen: ({ id = "", part = "" }) => <ScheduleScreen key={id} scheduleId={id} part={part} />,
  },
  { path: "/:namespace/new-schedule", screen: () => <ScheduleForm /> },
  { path: "/:namespace/events", screen: () => <EventsScreen />, nav: { label: "Events", key: "e" } },
  { path: "/:namespace/workers", screen: () => <WorkersScreen />, nav: { label: "Workers", key: "k" } },
  { path: "/:namespace/workers/:id", screen: ({ id = "" }) => <WorkerScreen key={id} workerId={id} /> },
  { path: "/:namespace/queues", screen: () => <QueuesScreen />, nav: { label: "Queues", key: "q" } },
  { path: "/:namespace/limits", screen: () => <LimitsScreen />, nav: { label: "Step limits", key: "l" } },
  { path: "/:namespace/errors", screen: () => <ErrorsScreen />, nav: { label: "Errors", key: "f" } },
  {
    path: "/:namespace/namespaces",
    screen: () => <NamespacesScreen />,
    nav: { label: "Namespaces", key: "m", beginsGroup: true },
  },
  { path: "/:namespace/api-keys", screen: () => <ApiKeysScreen />, nav: { label: "API keys", key: "a" } },
  { path: "/:namespace/audit", screen: () => <AuditScreen />, nav: { label: "Audit log", key: "u" } },
  { path: "/:namespace/about", screen: () => <AboutScreen />, nav: { label: "About", key: "b" } },
];
