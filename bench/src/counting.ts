import { EngineMetrics } from "@kagzi/server";

const STEPS = 3_000_000;
const ROUNDS = 3;
const WORKFLOWS = 50;
const RECORD = {
  kind: "function",
  type: "completed",
  name: "charge",
  occurrence: 1,
  attempt: 1,
  durationMs: 12,
} as const;

/** What counting a step costs a server, in time of its processor; and what reading it all costs. */
export async function measureCounting(print: (line: string) => void): Promise<void> {
  const metrics = new EngineMetrics();
  const runs = Array.from({ length: WORKFLOWS }, (_, index) => ({
    namespaceId: "default",
    workflowType: `workflow-${index}`,
  }));
  for (let round = 1; round <= ROUNDS; round++) {
    const begin = process.cpuUsage();
    for (let done = 0; done < STEPS; done += runs.length) for (const run of runs) metrics.recorded(run, RECORD);
    const { system, user } = process.cpuUsage(begin);
    print(`  counting a step: ${(((system + user) * 1000) / STEPS).toFixed(0)} ns`);
  }
  const begin = performance.now();
  const text = await metrics.registry.text();
  print(`  reading ${text.split("\n").length} lines: ${(performance.now() - begin).toFixed(1)} ms`);
}
