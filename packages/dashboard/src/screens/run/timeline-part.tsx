import { type ReactNode, useEffect, useMemo, useRef } from "react";
import { formatDuration, plural, toMs } from "../../app/format.ts";
import { Link, setSearch, usePlace } from "../../app/router.tsx";
import { useShortcuts } from "../../app/shortcuts.ts";
import { Empty } from "../../components/empty.tsx";
import { Icon } from "../../components/icon.tsx";
import { serverNow, useNow } from "../../components/time.tsx";
import { reveal, useWindow } from "../../components/use-window.ts";
import type { Segment, StepRow } from "./fold-history.ts";
import { type Scale, scaleOf } from "./scale.ts";
import { kindOf, stepTone } from "./step-look.tsx";
import { StepPanel } from "./step-panel.tsx";
import type { RunView } from "./use-run.ts";

export interface StepsProps {
  readonly view: RunView;
  readonly rows: readonly StepRow[];
  /** The key of the step whose details are shown. */
  readonly selected: string | undefined;
}

const ROW_HEIGHT = 32;
const TICKS = [0, 0.2, 0.4, 0.6, 0.8];

/** A row for each step: when it ran, was tried again, waited. */
export function TimelinePart({ view, rows, selected }: StepsProps): ReactNode {
  const { search } = usePlace();
  const folds = search.get("fold") !== "off";
  const scale = useScale(view, rows, folds);
  useStepKeys(rows, selected);
  const row = rows.find((each) => each.key === selected);
  if (rows.length === 0) {
    return (
      <Empty title="No step yet">
        <p>Steps are shown when something has been recorded of them, or when they have been running for a while.</p>
      </Empty>
    );
  }
  return (
    <div className={row === undefined ? "split" : "split open"}>
      <section aria-label="Timeline" className="timeline">
        <header>
          <span>{plural(rows.length, "step")}</span>
          <label>
            <input type="checkbox" checked={folds} onChange={() => setSearch({ fold: folds ? "off" : undefined })} />{" "}
            Fold idle time
          </label>
        </header>
        <Lanes rows={rows} scale={scale} selected={selected} />
      </section>
      {row !== undefined && <StepPanel key={row.key} run={view.run} row={row} />}
    </div>
  );
}

function useScale({ run }: RunView, rows: readonly StepRow[], folds: boolean): Scale {
  const now = useNow();
  const fromMs = run.createdAt === undefined ? (rows[0]?.fromMs ?? 0) : toMs(run.createdAt);
  const lastMs = rows.reduce((last, row) => Math.max(last, row.toMs ?? 0), fromMs);
  const endMs =
    run.finishedAt === undefined ? Math.max(lastMs, now, serverNow()) : Math.max(lastMs, toMs(run.finishedAt));
  return useMemo(() => scaleOf(rows, { fromMs, toMs: endMs }, folds), [rows, fromMs, endMs, folds]);
}

/** j and k go from step to step, Esc closes. */
function useStepKeys(rows: readonly StepRow[], selected: string | undefined): void {
  const at = rows.findIndex((row) => row.key === selected);
  const go = (to: number) => {
    const row = rows[Math.min(rows.length - 1, Math.max(0, to))];
    if (row !== undefined) setSearch({ step: row.key });
  };
  useShortcuts("Steps", [
    { keys: "j", label: "next step", run: () => go(at + 1) },
    { keys: "k", label: "the step before", run: () => go(at - 1) },
    ...(selected === undefined
      ? []
      : [{ keys: "Escape", label: "close the step", run: () => setSearch({ step: undefined }) }]),
  ]);
}

interface LanesProps {
  readonly rows: readonly StepRow[];
  readonly scale: Scale;
  readonly selected: string | undefined;
}

function Lanes({ rows, scale, selected }: LanesProps): ReactNode {
  const body = useRef<HTMLDivElement>(null);
  const { end, first } = useWindow(body, rows.length, ROW_HEIGHT);
  const at = rows.findIndex((row) => row.key === selected);
  // Not whenever rows come, only when another step is chosen.
  useEffect(() => {
    if (at >= 0) reveal(body.current, at, ROW_HEIGHT);
  }, [selected]);
  return (
    <div className="lanes" role="table" aria-label="Steps over time" aria-rowcount={rows.length + 1}>
      <div className="axis" role="row">
        <span role="columnheader">Step</span>
        <span role="columnheader" className="right">
          Took
        </span>
        <span role="columnheader" className="ticks">
          <span className="visually-hidden">When</span>
          <Folds scale={scale} look="labels" />
          {ticksOf(scale).map((tick) => (
            <span key={tick} className="tick" style={{ left: `${tick * 100}%` }} aria-hidden="true">
              +{formatDuration(scale.timeAt(tick) - scale.fromMs)}
            </span>
          ))}
        </span>
      </div>
      <div ref={body} className="rows" role="rowgroup" style={{ height: `${rows.length * ROW_HEIGHT}px` }}>
        <Folds scale={scale} look="stripes" />
        {rows.slice(first, end).map((row, offset) => (
          <Lane key={row.key} row={row} scale={scale} index={first + offset} isSelected={row.key === selected} />
        ))}
      </div>
    </div>
  );
}

/** A tick has room for its label before the next fold. */
function ticksOf({ folds }: Scale): readonly number[] {
  const room = 0.12;
  return TICKS.filter((tick) => !folds.some(({ left, width }) => tick < left + width && tick + room > left));
}

/** Idle time, folded: its true length above, and stripes below. */
function Folds({ scale, look }: { readonly scale: Scale; readonly look: "labels" | "stripes" }): ReactNode {
  return (
    <span className={`folds ${look}`} aria-hidden="true">
      {scale.folds.map(({ left, ms, width }) => (
        <span key={left} className="fold" style={{ left: `${left * 100}%`, width: `${width * 100}%` }}>
          {look === "labels" && <span>{formatDuration(ms)}</span>}
        </span>
      ))}
    </span>
  );
}

interface LaneProps {
  readonly row: StepRow;
  readonly scale: Scale;
  readonly index: number;
  readonly isSelected: boolean;
}

function Lane({ row, scale, index, isSelected }: LaneProps): ReactNode {
  const { path, search } = usePlace();
  const { icon, word } = kindOf(row.kind);
  const next = new URLSearchParams(search);
  if (isSelected) next.delete("step");
  else next.set("step", row.key);
  const query = next.toString();
  const tone = stepTone(row);
  return (
    <div
      className={`lane tone-${tone} ${isSelected ? "selected" : ""}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      style={{ top: `${index * ROW_HEIGHT}px` }}
    >
      <span role="cell" className="name">
        <Icon name={tone} />
        <Link to={path + (query === "" ? "" : `?${query}`)} title={`${row.key}, ${word}, ${row.state}`}>
          {row.key}
          <span className="visually-hidden">, {row.state}</span>
        </Link>
        <span className="kind" title={word}>
          <Icon name={icon} />
        </span>
      </span>
      <span role="cell" className="right number">
        {formatDuration((row.toMs ?? scale.toMs) - row.fromMs)}
      </span>
      <span role="cell" className="bars">
        {row.segments.map((segment) => (
          <Bar key={`${segment.kind}${segment.attempt}${segment.fromMs}`} segment={segment} scale={scale} />
        ))}
      </span>
    </div>
  );
}

const WORDS = { attempt: "attempt", backoff: "wait for the next attempt after", wait: "wait" } as const;

function Bar({ segment, scale }: { readonly segment: Segment; readonly scale: Scale }): ReactNode {
  const { attempt, fromMs, kind, outcome, toMs: end = scale.toMs } = segment;
  const left = scale.at(fromMs);
  const width = scale.at(end) - left;
  const what = kind === "wait" ? WORDS.wait : `${WORDS[kind]} ${attempt}`;
  const title = `${what}: ${formatDuration(end - fromMs)}, ${outcome === "open" ? "going on" : outcome}`;
  return (
    <span
      className={`bar ${kind} ${outcome}`}
      title={title}
      style={{ left: `${left * 100}%`, width: `${width * 100}%` }}
    />
  );
}
