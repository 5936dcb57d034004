import { drained } from "./drained.ts";
import { idle } from "./idle.ts";
import { runs } from "./runs.ts";
import { sequential } from "./sequential.ts";
import { sleeps } from "./sleeps.ts";
import { steps } from "./steps.ts";
import type { Workload } from "./workload.ts";

/** What is measured of every engine, in this order. */
export const WORKLOADS: readonly Workload[] = [steps, runs, drained, idle, sequential, sleeps];
