import { type MouseEvent, type ReactNode, useRef, useState } from "react";
import { Link, navigate } from "../app/router.tsx";
import { useShortcuts } from "../app/shortcuts.ts";
import { reveal, useWindow } from "./use-window.ts";

export interface Column<Row> {
  readonly name: string;
  readonly cell: (row: Row) => ReactNode;
  /** A CSS width; absent: what is left. */
  readonly width?: string;
  readonly align?: "right";
}

export interface TableProps<Row> {
  /** What the rows are: `Runs`. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** Where a row leads. Its first cell becomes a link; j, k and Enter work. */
  readonly to?: (row: Row) => string;
  /** A class for a row that is to look different. */
  readonly lookOf?: (row: Row) => string;
  /** Rows that are ticked, by key. With `onSelect` a column of boxes is there, and `x` ticks. */
  readonly selected?: ReadonlySet<string>;
  readonly onSelect?: (keys: ReadonlySet<string>) => void;
}

const ROW_HEIGHT = 41;

/** Rows of one height, of which only those in sight are rendered. */
export function Table<Row>(props: TableProps<Row>): ReactNode {
  const { columns, keyOf, label, lookOf, onSelect, rows, selected = NONE, to } = props;
  const body = useRef<HTMLTableSectionElement>(null);
  const { end, first } = useWindow(body, rows.length, ROW_HEIGHT);
  const at = useRowKeys(props, body);
  const toggle = (key: string) => onSelect?.(toggled(selected, key));
  const isAll = rows.length > 0 && rows.every((row) => selected.has(keyOf(row)));
  return (
    <table className="table" aria-label={label} aria-rowcount={rows.length + 1}>
      <colgroup>
        {onSelect !== undefined && <col className="tick" />}
        {columns.map(({ name, width }) => (
          <col key={name} style={width === undefined ? {} : { width }} />
        ))}
      </colgroup>
      <thead>
        <tr>
          {onSelect !== undefined && (
            <th scope="col">
              <input
                type="checkbox"
                aria-label={`Select all ${label.toLowerCase()} that are shown`}
                checked={isAll}
                onChange={() => onSelect(isAll ? NONE : new Set(rows.map(keyOf)))}
              />
            </th>
          )}
          {columns.map(({ align, name }) => (
            <th key={name} scope="col" className={align}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        <Gap rows={first} />
        {rows.slice(first, end).map((row, offset) => {
          const key = keyOf(row);
          const target = to?.(row);
          return (
            <tr
              key={key}
              aria-rowindex={first + offset + 2}
              className={`${at === first + offset ? "at" : ""} ${target === undefined ? "" : "leads"} ${lookOf?.(row) ?? ""}`}
              onClick={(event) => target !== undefined && follow(event, target)}
            >
              {onSelect !== undefined && (
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Select ${key}`}
                    checked={selected.has(key)}
                    onChange={() => toggle(key)}
                  />
                </td>
              )}
              {columns.map(({ align, cell, name }, index) => (
                <td key={name} className={align}>
                  {index === 0 && target !== undefined ? <Link to={target}>{cell(row)}</Link> : cell(row)}
                </td>
              ))}
            </tr>
          );
        })}
        <Gap rows={rows.length - end} />
      </tbody>
    </table>
  );
}

const NONE: ReadonlySet<string> = new Set();

/** Stands for rows that are out of sight. */
function Gap({ rows }: { readonly rows: number }): ReactNode {
  if (rows <= 0) return null;
  return (
    <tr aria-hidden="true" className="gap">
      <td style={{ height: `${rows * ROW_HEIGHT}px` }} />
    </tr>
  );
}

function toggled(keys: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const changed = new Set(keys);
  if (!changed.delete(key)) changed.add(key);
  return changed;
}

/** A click anywhere on the row, but on what does something by itself. */
function follow(event: MouseEvent<HTMLElement>, target: string): void {
  const isOwn = event.target instanceof HTMLElement && event.target.closest("a, button, input, label") !== null;
  if (isOwn || window.getSelection()?.type === "Range") return;
  navigate(target);
}

/** j, k, Enter and x. Answers with the row that they are at; -1 before the first of them. */
function useRowKeys<Row>(props: TableProps<Row>, body: { readonly current: HTMLElement | null }): number {
  const { keyOf, label, onSelect, rows, selected = NONE, to } = props;
  const [at, setAt] = useState(-1);
  const row = rows[at];
  const move = (by: number) => {
    const next = Math.min(rows.length - 1, Math.max(0, at + by));
    setAt(next);
    reveal(body.current, next, ROW_HEIGHT);
  };
  const what = label.toLowerCase();
  useShortcuts(label, [
    ...(to === undefined
      ? []
      : [
          { keys: "j", label: `next of the ${what}`, run: () => move(1) },
          { keys: "k", label: `the one before`, run: () => move(-1) },
          { keys: "Enter", label: "open it", run: () => row !== undefined && navigate(to(row)) },
        ]),
    ...(onSelect === undefined
      ? []
      : [{ keys: "x", label: "select it", run: () => row !== undefined && onSelect(toggled(selected, keyOf(row))) }]),
  ]);
  return at < rows.length ? at : -1;
}
