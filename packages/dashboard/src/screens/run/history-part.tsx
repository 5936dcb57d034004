import { type HistoryRecord, RecordType, StepKind, type Workflow } from "@kagzi/proto";
import type { ReactNode } from "react";
import { formatDuration } from "../../app/format.ts";
import { setSearch, usePlace } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { Button } from "../../components/button.tsx";
import { Empty, Loading, ProblemNote } from "../../components/empty.tsx";
import { ErrorView } from "../../components/error-detail.tsx";
import { PayloadView } from "../../components/payload.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { kindOf } from "./step-look.tsx";
import type { RunView } from "./use-run.ts";

const WORDS: Readonly<Record<RecordType, string>> = {
  [RecordType.UNSPECIFIED]: "recorded",
  [RecordType.STARTED]: "started",
  [RecordType.RETRYING]: "failed, to be retried",
  [RecordType.COMPLETED]: "completed",
  [RecordType.FAILED]: "failed",
  [RecordType.CANCELLED]: "cancelled",
  [RecordType.CANCELLING]: "told of the cancellation",
};

function aboutOf(record: HistoryRecord): string {
  if (record.kind === StepKind.UNSPECIFIED) return "the run";
  const name = record.occurrence > 1 ? `${record.stepName}#${record.occurrence}` : record.stepName;
  return `${kindOf(record.kind).word} ${name}`;
}

const COLUMNS: readonly Column<HistoryRecord>[] = [
  { name: "Number", cell: (record) => <span className="number">{record.seq}</span>, width: "80px" },
  { name: "About", cell: aboutOf },
  { name: "What", cell: (record) => WORDS[record.type] ?? "recorded", width: "200px" },
  { name: "Attempt", cell: (record) => record.attempt, width: "80px", align: "right" },
  {
    name: "Took",
    cell: (record) => (record.durationMs === undefined ? "" : formatDuration(Number(record.durationMs))),
    width: "90px",
    align: "right",
  },
  { name: "Recorded", cell: (record) => <Time at={record.recordedAt} look="absolute" />, width: "290px" },
];

/** Everything that was recorded of the run, as it was recorded. */
export function HistoryPart({ view }: { readonly view: RunView }): ReactNode {
  const { path, search } = usePlace();
  const seq = Number(search.get("record") ?? 0);
  const record = view.records.find((each) => each.seq === seq);
  if (view.records.length === 0) return <Empty title="Nothing has been recorded yet" />;
  return (
    <div className={record === undefined ? "split" : "split open"}>
      <Table
        label="Records"
        columns={record === undefined ? COLUMNS : COLUMNS.slice(0, 3)}
        rows={view.records}
        keyOf={(each) => String(each.seq)}
        to={(each) => `${path}?record=${each.seq}`}
      />
      {record !== undefined && <RecordPanel key={seq} run={view.run} record={record} />}
    </div>
  );
}

function RecordPanel({ run, record }: { readonly run: Workflow; readonly record: HistoryRecord }): ReactNode {
  const { namespaceId, runId } = run;
  const { problem, value } = useLive({
    key: `${runId} ${record.seq}`,
    load: async (signal) => {
      const page = await api.admin.listHistory({ namespaceId, runId, afterSeq: record.seq - 1 }, { signal });
      return page.records[0];
    },
  });
  return (
    <aside className="panel" aria-label={`Record ${record.seq}`}>
      <header>
        <h2>Record {record.seq}</h2>
        <Button
          look="quiet"
          icon="close"
          aria-label="Close the record"
          onClick={() => setSearch({ record: undefined })}
        />
      </header>
      <p>
        {aboutOf(record)}: {WORDS[record.type]}
      </p>
      <p className="faint">
        Recorded <Time at={record.recordedAt} look="absolute" />
      </p>
      {record.dueAt !== undefined && (
        <p className="faint">
          Due <Time at={record.dueAt} look="absolute" />
        </p>
      )}
      <ProblemNote problem={problem} />
      {value === undefined && problem === undefined && <Loading what="the record" />}
      {value?.error !== undefined && <ErrorView error={value.error} />}
      {value?.input !== undefined && <PayloadView payload={value.input} label="Input" />}
      {value?.payload !== undefined && (
        <PayloadView payload={value.payload} label={record.type === RecordType.STARTED ? "Input" : "Output"} />
      )}
    </aside>
  );
}
