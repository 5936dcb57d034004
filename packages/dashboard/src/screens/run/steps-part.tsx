import type { ReactNode } from "react";
import { formatDuration } from "../../app/format.ts";
import { usePlace } from "../../app/router.tsx";
import { Empty } from "../../components/empty.tsx";
import { Icon } from "../../components/icon.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import type { StepRow } from "./fold-history.ts";
import { StepBadge, kindOf } from "./step-look.tsx";
import { StepPanel } from "./step-panel.tsx";
import type { StepsProps } from "./timeline-part.tsx";

const COLUMNS: readonly Column<StepRow>[] = [
  { name: "Step", cell: (row) => <code>{row.key}</code> },
  {
    name: "Kind",
    cell: (row) => (
      <span className="with-icon faint">
        <Icon name={kindOf(row.kind).icon} />
        {kindOf(row.kind).word}
      </span>
    ),
    width: "130px",
  },
  { name: "Status", cell: (row) => <StepBadge row={row} />, width: "130px" },
  { name: "Attempts", cell: (row) => row.attempt, width: "90px", align: "right" },
  { name: "Began", cell: (row) => <Time at={instantOf(row.fromMs)} />, width: "130px" },
  {
    name: "Took",
    cell: (row) =>
      row.toMs === undefined ? <span className="faint">so far</span> : formatDuration(row.toMs - row.fromMs),
    width: "110px",
    align: "right",
  },
];

function instantOf(ms: number): { readonly seconds: bigint; readonly nanos: number } {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1e6 };
}

/** The steps as a table: the timeline for those who would rather read. */
export function StepsPart({ view, rows, selected }: StepsProps): ReactNode {
  const { path } = usePlace();
  const row = rows.find((each) => each.key === selected);
  if (rows.length === 0) return <Empty title="No step yet" />;
  return (
    <div className={row === undefined ? "split" : "split open"}>
      <Table
        label="Steps"
        columns={row === undefined ? COLUMNS : COLUMNS.filter(({ name }) => name !== "Began" && name !== "Kind")}
        rows={rows}
        keyOf={({ key }) => key}
        to={({ key }) => `${path}?step=${encodeURIComponent(key)}`}
      />
      {row !== undefined && <StepPanel key={row.key} run={view.run} row={row} />}
    </div>
  );
}
