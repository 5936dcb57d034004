import { describe, expect, it } from "vitest";
import { Metrics, contentTypeOf, formatOf } from "./index.ts";

describe("metrics as text", () => {
  it("gives counters, gauges and histograms as Prometheus reads them", async () => {
    const metrics = new Metrics();
    const runs = metrics.counter({ name: "runs_total", help: "Runs\nof \\ all.", labels: ["workflow"] });
    runs.of("a").add();
    runs.of('say "hi"\n').add(2);
    metrics.gauge({ name: "workers", help: "Workers." }).of().set(Number.POSITIVE_INFINITY);
    const time = metrics.histogram({ name: "time_seconds", help: "Time.", bounds: [0.1, 1] });
    for (const seconds of [0.1, 0.5, 7]) time.of().observe(seconds);
    expect(await metrics.text()).toBe(
      [
        "# HELP runs_total Runs\\nof \\\\ all.",
        "# TYPE runs_total counter",
        'runs_total{workflow="a"} 1',
        'runs_total{workflow="say \\"hi\\"\\n"} 2',
        "# HELP workers Workers.",
        "# TYPE workers gauge",
        "workers +Inf",
        "# HELP time_seconds Time.",
        "# TYPE time_seconds histogram",
        'time_seconds_bucket{le="0.1"} 1',
        'time_seconds_bucket{le="1"} 2',
        'time_seconds_bucket{le="+Inf"} 3',
        "time_seconds_sum 7.6",
        "time_seconds_count 3",
        "",
      ].join("\n"),
    );
  });

  it("gives OpenMetrics to those who ask for it", async () => {
    const metrics = new Metrics();
    metrics.counter({ name: "runs_total", help: "Runs." }).of().add();
    const format = formatOf("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5");
    expect(await metrics.text(format)).toBe("# HELP runs Runs.\n# TYPE runs counter\nruns_total 1\n# EOF\n");
    expect(contentTypeOf(format)).toContain("application/openmetrics-text");
    expect(formatOf(undefined)).toBe("prometheus");
    expect(formatOf("text/html")).toBe("prometheus");
  });

  it("counts what comes after too many labels as one", async () => {
    const metrics = new Metrics({ seriesLimit: 2 });
    const runs = metrics.counter({ name: "runs_total", help: "Runs.", labels: ["namespace", "workflow"] });
    for (const workflow of ["a", "b", "c", "d"]) runs.of("default", workflow).add();
    const lines = (await metrics.text()).split("\n").filter((line) => line.startsWith("runs_total"));
    expect(lines).toEqual([
      'runs_total{namespace="default",workflow="a"} 1',
      'runs_total{namespace="default",workflow="b"} 1',
      'runs_total{namespace="_other",workflow="_other"} 2',
    ]);
  });

  it("reads gauges anew each time, and what can be read where something cannot", async () => {
    const metrics = new Metrics();
    const gauge = metrics.gauge({ name: "depth", help: "Depth." });
    let depth = 0;
    metrics.collect(() => gauge.of().set(++depth));
    metrics.collect(() => Promise.reject(new Error("the store does not answer")));
    expect(await metrics.text()).toContain("depth 1\n");
    expect(await metrics.text()).toContain("depth 2\n");
  });
});
