import type { WorkflowSchedule } from "@kagzi/proto";
import type { ReactNode } from "react";
import { useNamespace, within } from "../../app/namespace.tsx";
import { usePlace } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { type Live, useLive } from "../../client/use-live.ts";
import { ButtonLink } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Looked } from "../../components/looked.tsx";
import { Page } from "../../components/page.tsx";
import { Badge } from "../../components/status.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Tabs } from "../../components/tabs.tsx";
import { Time } from "../../components/time.tsx";
import { ScheduleActions } from "./schedule-actions.tsx";
import { Week } from "./week.tsx";
import { whenOf } from "./when.ts";

const EVERY_MS = 5000;
const SHOWN = 500;

/** What starts runs by itself: as a list, or as the week to come. */
export function SchedulesScreen(): ReactNode {
  const namespaceId = useNamespace();
  const isWeek = usePlace().search.get("view") === "week";
  const here = within(namespaceId, "schedules");
  const live = useLive({
    key: namespaceId,
    load: async (signal) => {
      const request = { namespaceId, page: { pageSize: SHOWN } };
      return (await api.schedules.listWorkflowSchedules(request, { signal })).schedules;
    },
    every: EVERY_MS,
  });
  return (
    <Page
      title="Schedules"
      actions={
        <ButtonLink to={within(namespaceId, "new-schedule")} look="primary" icon="plus">
          New schedule
        </ButtonLink>
      }
    >
      <Tabs
        label="Views"
        current={isWeek ? "week" : "list"}
        tabs={[
          { name: "list", label: "List", to: here },
          { name: "week", label: "Next 7 days", to: `${here}?view=week` },
        ]}
      />
      <Looked live={live} what="schedules">
        {(schedules) => {
          if (schedules.length === 0) return <NoSchedules />;
          return isWeek ? <Week schedules={schedules} /> : <List schedules={schedules} live={live} />;
        }}
      </Looked>
    </Page>
  );
}

interface ListProps {
  readonly schedules: readonly WorkflowSchedule[];
  readonly live: Live<unknown>;
}

function List({ schedules, live }: ListProps): ReactNode {
  const namespace = useNamespace();
  return (
    <div className="scrolls" tabIndex={0} role="region" aria-label="Schedules">
      <Table
        label="Schedules"
        columns={columns(live.refresh)}
        rows={schedules}
        keyOf={({ scheduleId }) => scheduleId}
        to={({ scheduleId }) => within(namespace, "schedules", scheduleId)}
      />
    </div>
  );
}

function columns(onDone: () => void): readonly Column<WorkflowSchedule>[] {
  return [
    { name: "Schedule", cell: ({ scheduleId }) => <span className="strong">{scheduleId}</span>, width: "20%" },
    { name: "Workflow", cell: ({ workflowType }) => workflowType },
    { name: "When", cell: (schedule) => <code title={whenOf(schedule)}>{whenOf(schedule)}</code>, width: "22%" },
    { name: "State", cell: (schedule) => <ScheduleState schedule={schedule} />, width: "124px" },
    { name: "Next", cell: ({ nextFireAt }) => <Time at={nextFireAt} />, width: "110px" },
    { name: "Last", cell: ({ lastFiredAt }) => <Time at={lastFiredAt} />, width: "110px" },
    {
      name: "Actions",
      cell: (schedule) => <ScheduleActions schedule={schedule} onDone={onDone} isSmall />,
      width: "196px",
    },
  ];
}

export function ScheduleState({ schedule }: { readonly schedule: WorkflowSchedule }): ReactNode {
  const { enabled, nextFireAt, problem } = schedule;
  if (problem !== undefined) return <Badge tone="failed">problem</Badge>;
  if (!enabled) return <Badge tone="paused" />;
  return nextFireAt === undefined ? <Badge tone="cancelled">over</Badge> : <Badge tone="completed">active</Badge>;
}

const EXAMPLE = `import { workflow } from "kagzi";

const report = workflow(
  "report",
  { schedule: { cron: "0 2 * * *", timezone: "Europe/Berlin" } },
  async (ctx) => ctx.step("send", () => sendReport()),
);`;

function NoSchedules(): ReactNode {
  return (
    <Empty title="No schedule yet">
      <p>A schedule starts runs at times: by a cron expression, every so often, or once. In code it looks like this:</p>
      <pre className="code">{EXAMPLE}</pre>
    </Empty>
  );
}
