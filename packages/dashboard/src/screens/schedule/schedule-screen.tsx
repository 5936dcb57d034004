import { ScheduleOverlap, type WorkflowSchedule } from "@kagzi/proto";
import type { ReactNode } from "react";
import { useNamespace, within } from "../../app/namespace.tsx";
import { Link, navigate } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { ButtonLink } from "../../components/button.tsx";
import { Looked } from "../../components/looked.tsx";
import { Page } from "../../components/page.tsx";
import { PayloadView } from "../../components/payload.tsx";
import { Facts, Section } from "../../components/section.tsx";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { RUN_COLUMNS } from "../runs/run-columns.tsx";
import { ScheduleActions } from "../schedules/schedule-actions.tsx";
import { ScheduleState } from "../schedules/schedules-screen.tsx";
import { whenOf } from "../schedules/when.ts";
import { Preview } from "./preview.tsx";
import { ScheduleForm } from "./schedule-form.tsx";

const EVERY_MS = 5000;
/** Runs of the workflow that are looked through for those of the schedule. */
const LOOKED_THROUGH = 500;

export interface ScheduleScreenProps {
  readonly scheduleId: string;
  readonly part: string;
}

/** One schedule: when it fires, what it has started, and what is wrong with it. */
export function ScheduleScreen({ scheduleId, part }: ScheduleScreenProps): ReactNode {
  const namespaceId = useNamespace();
  const live = useLive({
    key: `${namespaceId}/${scheduleId}`,
    load: async (signal) => (await api.schedules.getWorkflowSchedule({ namespaceId, scheduleId }, { signal })).schedule,
    every: EVERY_MS,
  });
  const schedule = live.value;
  if (schedule !== undefined && part === "edit") return <ScheduleForm schedule={schedule} />;
  const list = within(namespaceId, "schedules");
  return (
    <Page
      title={scheduleId}
      above={
        <Link to={list} data-up>
          Schedules
        </Link>
      }
      beside={schedule !== undefined && <ScheduleState schedule={schedule} />}
      actions={
        schedule !== undefined && (
          <>
            {schedule.declaredBy === undefined && (
              <ButtonLink to={within(namespaceId, "schedules", scheduleId, "edit")}>Change</ButtonLink>
            )}
            <ScheduleActions schedule={schedule} onDone={live.refresh} onGone={() => navigate(list)} />
          </>
        )
      }
    >
      <Looked live={live} what="the schedule">
        {(found) => found !== undefined && <Details schedule={found} />}
      </Looked>
    </Page>
  );
}

function Details({ schedule }: { readonly schedule: WorkflowSchedule }): ReactNode {
  const { declaredBy, input, problem, scheduleId } = schedule;
  return (
    <div className="stacked roomy">
      {problem !== undefined && <p className="note bad">{problem}</p>}
      {declaredBy !== undefined && <p className="note">It stands in the code of {declaredBy}, and is changed there.</p>}
      <Facts facts={factsOf(schedule)} />
      <div className="columns">
        <Preview key={`${schedule.enabled} ${whenOf(schedule)}`} scheduleId={scheduleId} />
        <PayloadView payload={input} label="Input" />
      </div>
      <Runs schedule={schedule} />
    </div>
  );
}

const OVERLAP: Readonly<Record<ScheduleOverlap, string>> = {
  [ScheduleOverlap.UNSPECIFIED]: "is skipped",
  [ScheduleOverlap.SKIP]: "is skipped",
  [ScheduleOverlap.ALLOW]: "starts beside it",
  [ScheduleOverlap.BUFFER_ONE]: "starts when it has ended",
};

function factsOf(schedule: WorkflowSchedule) {
  const { firedCount, lastFiredAt, maxCatchup, missedCount, nextFireAt, overlap, skippedCount, workflowType } =
    schedule;
  return [
    { name: "Workflow", value: <WorkflowLink name={workflowType} /> },
    { name: "When", value: <code>{whenOf(schedule)}</code> },
    { name: "Next", value: <Time at={nextFireAt} /> },
    { name: "Last", value: <Time at={lastFiredAt} /> },
    { name: "Fired", value: String(firedCount) },
    { name: "Missed", value: String(missedCount) },
    { name: "Skipped", value: String(skippedCount) },
    { name: "While a run goes on, the next", value: OVERLAP[overlap] },
    { name: "Made up for", value: `at most ${maxCatchup}` },
  ];
}

function WorkflowLink({ name }: { readonly name: string }): ReactNode {
  const namespace = useNamespace();
  return <Link to={within(namespace, "workflows", name)}>{name}</Link>;
}

function Runs({ schedule: { scheduleId, workflowType } }: { readonly schedule: WorkflowSchedule }): ReactNode {
  const namespaceId = useNamespace();
  const live = useLive({
    key: `${namespaceId}/${scheduleId}`,
    load: async (signal) => {
      const request = { namespaceId, workflowType, page: { pageSize: LOOKED_THROUGH } };
      const { page, workflows } = await api.workflows.listWorkflows(request, { signal });
      return { runs: workflows.filter((run) => run.scheduleId === scheduleId), isCut: page?.hasMore === true };
    },
    every: EVERY_MS,
  });
  return (
    <Section title="Runs that it started">
      <Looked live={live} what="its runs">
        {({ isCut, runs }) => (
          <>
            {runs.length === 0 ? (
              <p className="faint">{isCut ? "None of late." : "None yet."}</p>
            ) : (
              <Table
                label="Runs that it started"
                columns={RUN_COLUMNS}
                rows={runs}
                keyOf={({ runId }) => runId}
                to={({ runId }) => within(namespaceId, "runs", runId)}
              />
            )}
            {isCut && (
              <p className="hint">
                Only the newest {LOOKED_THROUGH} runs of {workflowType} were looked through.
              </p>
            )}
          </>
        )}
      </Looked>
    </Section>
  );
}
