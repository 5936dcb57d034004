import { type ReactNode, useId } from "react";
import { labelEvery, niceTicks } from "./trend-scale.ts";

/** Values over time, one for each bucket. */
export interface Series {
  readonly name: string;
  /** The colour: `completed`, `failed`, `running` … */
  readonly tone: string;
  /** Absent where there is none. */
  readonly values: readonly (number | undefined)[];
}

export interface TrendChartProps {
  readonly title: string;
  /** Of each bucket: when it began. */
  readonly labels: readonly string[];
  readonly series: readonly Series[];
  readonly look: "bars" | "lines";
  readonly format: (value: number) => string;
}

const WIDTH = 360;
const HEIGHT = 168;
const LEFT = 52;
const BOTTOM = 22;
const TOP = 8;
const INNER = { width: WIDTH - LEFT - 4, height: HEIGHT - TOP - BOTTOM };

/** A count of 0 is nothing to see; a time of 0 ms is a time. */
function isNothing({ look, series }: TrendChartProps): boolean {
  return series.every(({ values }) => values.every((value) => value === undefined || (look === "bars" && value === 0)));
}

/** A small chart over time, with a legend, and its numbers as a table for who cannot see it. */
export function TrendChart(props: TrendChartProps): ReactNode {
  const { format, labels, look, series, title } = props;
  const id = useId();
  const highest = Math.max(0, ...labels.map((_, at) => heightAt(series, at, look)));
  const ticks = niceTicks(highest);
  const top = ticks.at(-1) ?? 1;
  const y = (value: number) => TOP + INNER.height * (1 - value / top);
  return (
    <figure className="chart" aria-labelledby={id}>
      <figcaption>
        <h3 id={id}>{title}</h3>
        <Legend series={series} look={look} />
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={summary(props)}>
        {ticks.map((tick) => (
          <g key={tick} className="grid">
            <line x1={LEFT} x2={WIDTH - 4} y1={y(tick)} y2={y(tick)} />
            <text x={LEFT - 8} y={y(tick) + 4} textAnchor="end">
              {format(tick)}
            </text>
          </g>
        ))}
        <TimeAxis labels={labels} />
        {look === "bars" ? <Bars {...props} y={y} /> : <Lines {...props} y={y} />}
        {isNothing(props) && (
          <text className="nothing" x={LEFT + INNER.width / 2} y={TOP + INNER.height / 2} textAnchor="middle">
            none in this time
          </text>
        )}
        <Hovers {...props} />
      </svg>
      <Numbers {...props} />
    </figure>
  );
}

function heightAt(series: readonly Series[], at: number, look: TrendChartProps["look"]): number {
  const values = series.map(({ values: all }) => all[at] ?? 0);
  return look === "bars" ? values.reduce((sum, value) => sum + value, 0) : Math.max(0, ...values);
}

/** Where a bucket begins, and how wide it is. */
function slot(at: number, count: number): { readonly x: number; readonly width: number } {
  const width = INNER.width / Math.max(1, count);
  return { x: LEFT + at * width, width };
}

function TimeAxis({ labels }: { readonly labels: readonly string[] }): ReactNode {
  const every = labelEvery(labels.length, 4);
  return labels.map((label, at) =>
    at % every === 0 && at + every / 2 < labels.length ? (
      <text key={at} x={slot(at, labels.length).x} y={HEIGHT - 5}>
        {label}
      </text>
    ) : null,
  );
}

type Drawn = TrendChartProps & { readonly y: (value: number) => number };

function Bars({ labels, series, y }: Drawn): ReactNode {
  return labels.map((_, at) => {
    const { width, x } = slot(at, labels.length);
    let below = 0;
    return series.map(({ name, tone, values }) => {
      const value = values[at] ?? 0;
      if (value === 0) return null;
      const from = y(below + value);
      const height = Math.max(1, y(below) - from);
      below += value;
      return (
        <rect
          key={`${name} ${at}`}
          className={`tone-${tone}`}
          x={x + width * 0.12}
          y={from}
          width={width * 0.76}
          height={height}
        />
      );
    });
  });
}

function Lines({ labels, series, y }: Drawn): ReactNode {
  return series.map(({ name, tone, values }, index) => (
    <g key={name} className={`line line-${index} tone-${tone}`}>
      <path d={pathOf(values, labels.length, y)} />
      {values.map((value, at) => {
        const { width, x } = slot(at, labels.length);
        return value === undefined ? null : <circle key={at} cx={x + width / 2} cy={y(value)} r={2} />;
      })}
    </g>
  ));
}

/** A line that breaks where there is no value. */
function pathOf(values: readonly (number | undefined)[], count: number, y: (value: number) => number): string {
  return values
    .map((value, at) => {
      if (value === undefined) return "";
      const { width, x } = slot(at, count);
      return `${values[at - 1] === undefined ? "M" : "L"}${(x + width / 2).toFixed(1)} ${y(value).toFixed(1)}`;
    })
    .join("");
}

/** Over each bucket, what it holds. */
function Hovers({ format, labels, series }: TrendChartProps): ReactNode {
  return labels.map((label, at) => {
    const { width, x } = slot(at, labels.length);
    const values = series.map(({ name, values: all }) => `${name} ${all[at] === undefined ? "–" : format(all[at])}`);
    return (
      <rect key={at} className="hover" x={x} y={TOP} width={width} height={INNER.height}>
        <title>{`${label}: ${values.join(", ")}`}</title>
      </rect>
    );
  });
}

function Legend({ series, look }: { readonly series: readonly Series[]; readonly look: string }): ReactNode {
  return (
    <ul className="legend-line">
      {series.map(({ name, tone }, index) => (
        <li key={name} className={`tone-${tone}`}>
          <svg viewBox="0 0 14 10" aria-hidden="true">
            {look === "bars" ? (
              <rect x="2" y="1" width="9" height="8" />
            ) : (
              <path className={`line line-${index}`} d="M0 5h14" />
            )}
          </svg>
          {name}
        </li>
      ))}
    </ul>
  );
}

function summary({ format, labels, series, title }: TrendChartProps): string {
  const ends = series.map(({ name, values }) => {
    const known = values.filter((value) => value !== undefined);
    return known.length === 0 ? `${name}: none` : `${name}: at most ${format(Math.max(...known))}`;
  });
  return `${title}, from ${labels[0] ?? "?"} to ${labels.at(-1) ?? "?"}. ${ends.join("; ")}.`;
}

function Numbers({ format, labels, series, title }: TrendChartProps): ReactNode {
  return (
    <details className="numbers">
      <summary>As numbers</summary>
      <div tabIndex={0} role="region" aria-label={`${title}, as numbers`}>
        <table>
          <thead>
            <tr>
              <th scope="col">From</th>
              {series.map(({ name }) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {labels.map((label, at) => (
              <tr key={at}>
                <th scope="row">{label}</th>
                {series.map(({ name, values }) => (
                  <td key={name}>{values[at] === undefined ? "–" : format(values[at])}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
