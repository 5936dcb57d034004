import { type GetTrendsResponse, TrendRange } from "@kagzi/proto";
import type { ReactNode } from "react";
import { formatCount, formatDuration, formatInstant, toMs } from "../app/format.ts";
import { useNamespace } from "../app/namespace.tsx";
import { setSearch, usePlace } from "../app/router.tsx";
import { timeZone } from "../app/time-zone.ts";
import { api } from "../client/api.ts";
import { useLive } from "../client/use-live.ts";
import { Looked } from "./looked.tsx";
import { Section } from "./section.tsx";
import { type Series, TrendChart } from "./trend-chart.tsx";

const EVERY_MS = 10_000;
const RANGES = {
  hour: { label: "last hour", range: TrendRange.HOUR, from: 11, to: 16 },
  day: { label: "last 24 hours", range: TrendRange.DAY, from: 11, to: 16 },
  week: { label: "last 7 days", range: TrendRange.WEEK, from: 5, to: 16 },
} as const;

/** What became of runs over time: of one workflow, or of all. The range stands in the address. */
export function Trends({ workflow }: { readonly workflow?: string }): ReactNode {
  const namespaceId = useNamespace();
  const name = rangeOf(usePlace().search.get("range"));
  const { range } = RANGES[name];
  const live = useLive({
    key: `${namespaceId}/${workflow}/${range}`,
    load: (signal) =>
      api.admin.getTrends(
        { namespaceId, range, ...(workflow !== undefined && { workflowType: workflow }) },
        { signal },
      ),
    every: EVERY_MS,
  });
  const choice = (
    <select aria-label="Time range" value={name} onChange={(event) => setSearch({ range: event.target.value })}>
      {Object.entries(RANGES).map(([value, { label }]) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  );
  return (
    <Section title="Over time" actions={choice}>
      <Looked live={live} what="figures">
        {(trends) => <Charts trends={trends} name={name} />}
      </Looked>
    </Section>
  );
}

type RangeName = keyof typeof RANGES;

function rangeOf(text: string | null): RangeName {
  return text === "hour" || text === "week" ? text : "day";
}

function Charts({ trends, name }: { readonly trends: GetTrendsResponse; readonly name: RangeName }): ReactNode {
  const zone = timeZone.use();
  const { from, to } = RANGES[name];
  const { buckets, moreWorkflows } = trends;
  const labels = buckets.map(({ since }) =>
    since === undefined ? "" : formatInstant(toMs(since), zone).slice(from, to),
  );
  const ended: readonly Series[] = [
    { name: "completed", tone: "completed", values: buckets.map(({ completed }) => Number(completed)) },
    { name: "failed", tone: "failed", values: buckets.map(({ failed }) => Number(failed)) },
    { name: "cancelled", tone: "cancelled", values: buckets.map(({ cancelled }) => Number(cancelled)) },
  ];
  const took = latency(buckets.map(({ duration }) => duration));
  const waited = latency(buckets.map(({ scheduleToStart }) => scheduleToStart));
  return (
    <>
      <div className="charts">
        <TrendChart title="Runs that ended" labels={labels} series={ended} look="bars" format={formatWhole} />
        <TrendChart title="How long they took" labels={labels} series={took} look="lines" format={formatDuration} />
        <TrendChart
          title="How long they waited to begin"
          labels={labels}
          series={waited}
          look="lines"
          format={formatDuration}
        />
      </div>
      {buckets.some(({ sampled }) => sampled) && (
        <p className="hint">Where there were many runs, counts are projected from the newest of them.</p>
      )}
      {moreWorkflows && <p className="hint">Only the first 50 workflows by name are counted here.</p>}
    </>
  );
}

interface Latency {
  readonly p50Ms: bigint;
  readonly p95Ms: bigint;
}

function latency(values: readonly (Latency | undefined)[]): readonly Series[] {
  return [
    { name: "median", tone: "running", values: values.map((each) => each && Number(each.p50Ms)) },
    { name: "95 of 100", tone: "waiting", values: values.map((each) => each && Number(each.p95Ms)) },
  ];
}

function formatWhole(value: number): string {
  return formatCount(Math.round(value * 10) / 10, Number.POSITIVE_INFINITY);
}
