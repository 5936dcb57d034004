import type { WorkflowSchedule } from "@kagzi/proto";
import type { ReactNode } from "react";
import { formatClock, formatInstant, toMs } from "../../app/format.ts";
import { useNamespace, within } from "../../app/namespace.tsx";
import { Link } from "../../app/router.tsx";
import { timeZone } from "../../app/time-zone.ts";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { Looked } from "../../components/looked.tsx";
import { serverNow } from "../../components/time.tsx";
import { DAYS, type Day, type DayEntry, type Fires, daysOf } from "./days.ts";

const EVERY_MS = 60_000;
/** Schedules that are asked for their fires. */
const MOST = 30;
/** Fires that one schedule is asked for. */
const FIRES = 100;
const DAY_NAME = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  timeZone: "UTC",
});

/** What fires within the next days. */
export function Week({ schedules }: { readonly schedules: readonly WorkflowSchedule[] }): ReactNode {
  const namespaceId = useNamespace();
  const zone = timeZone.use();
  const shown = schedules.filter(({ enabled, nextFireAt }) => enabled && nextFireAt !== undefined).slice(0, MOST);
  const live = useLive({
    key: `${namespaceId}/${shown.map(({ scheduleId }) => scheduleId).join("/")}`,
    load: (signal) => Promise.all(shown.map(({ scheduleId }) => firesOf(namespaceId, scheduleId, signal))),
    every: EVERY_MS,
  });
  return (
    <Looked live={live} what="what fires next">
      {(fires) => (
        <>
          <div className="week">
            {daysOf(fires, serverNow(), (ms) => formatInstant(ms, zone).slice(0, 10)).map((day) => (
              <DayColumn key={day.date} day={day} />
            ))}
          </div>
          <p className="hint">
            Times are in {zone === "utc" ? "UTC" : "your time zone"}. Paused schedules are not shown; of each other one,
            the next {FIRES} fires{schedules.length > MOST ? `, of the first ${MOST} schedules` : ""}.
          </p>
        </>
      )}
    </Looked>
  );
}

async function firesOf(namespaceId: string, scheduleId: string, signal: AbortSignal): Promise<Fires> {
  const { fireAt } = await api.schedules.previewWorkflowSchedule({ namespaceId, scheduleId, count: FIRES }, { signal });
  const end = serverNow() + DAYS * 86_400_000;
  const at = fireAt.map(toMs);
  return { scheduleId, at, isCut: at.length === FIRES && (at.at(-1) ?? 0) < end };
}

function DayColumn({ day }: { readonly day: Day }): ReactNode {
  const name = DAY_NAME.format(new Date(`${day.date}T00:00:00Z`));
  return (
    <section aria-label={name}>
      <h3>{name}</h3>
      {day.entries.length === 0 && <p className="faint">–</p>}
      <ul>
        {day.entries.map((entry) => (
          <Entry key={entry.scheduleId} entry={entry} />
        ))}
      </ul>
    </section>
  );
}

function Entry({ entry }: { readonly entry: DayEntry }): ReactNode {
  const namespace = useNamespace();
  const zone = timeZone.use();
  const { count, first, isCut, scheduleId } = entry;
  return (
    <li>
      {first === undefined ? (
        <span>goes on</span>
      ) : (
        <time dateTime={new Date(first).toISOString()}>{formatClock(first, zone).slice(0, 5)}</time>
      )}
      <Link to={within(namespace, "schedules", scheduleId)}>{scheduleId}</Link>
      {count > 1 && (
        <span className="faint">
          {isCut ? "at least " : ""}
          {count} times
        </span>
      )}
    </li>
  );
}
