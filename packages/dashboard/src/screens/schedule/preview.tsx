import type { ReactNode } from "react";
import { formatInstant, toMs } from "../../app/format.ts";
import { useNamespace } from "../../app/namespace.tsx";
import { timeZone } from "../../app/time-zone.ts";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { Time } from "../../components/time.tsx";
import type { ruleOf } from "../schedules/when.ts";

const COUNT = 8;

/** The next times of a rule that is being typed, or of a schedule; or what is wrong with it. */
export function Preview(of: { readonly rule: ReturnType<typeof ruleOf> } | { readonly scheduleId: string }): ReactNode {
  const namespaceId = useNamespace();
  const zone = timeZone.use();
  const request = "scheduleId" in of ? { scheduleId: of.scheduleId } : of.rule;
  const { problem, value } = useLive({
    key: JSON.stringify([namespaceId, request], (_, each: unknown) => (typeof each === "bigint" ? `${each}` : each)),
    load: async (signal) => {
      if (request === undefined) return undefined;
      const preview = { namespaceId, count: COUNT, ...request };
      return (await api.schedules.previewWorkflowSchedule(preview, { signal })).fireAt;
    },
  });
  return (
    <div className="preview" aria-live="polite">
      <h3>Fires next</h3>
      {request === undefined && <p className="faint">Say when.</p>}
      {problem !== undefined && <p className="hint wrong">{problem.message}</p>}
      {value?.length === 0 && <p className="faint">It does not fire any more.</p>}
      <ol className="bare">
        {value?.map((at) => (
          <li key={toMs(at)}>
            <span className="number">{formatInstant(toMs(at), zone).replace(/\.000/u, "")}</span>{" "}
            <span className="faint">
              <Time at={at} />
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}
