import type { Limits } from "@kagzi/proto";
import type { ReactNode } from "react";
import { formatDuration } from "../app/format.ts";

/** Limits in words. */
export function LimitsView({ limits, what }: { readonly limits: Limits; readonly what: string }): ReactNode {
  const { concurrency, throttle } = limits;
  if (concurrency.length === 0 && throttle === undefined) return <span>no limit</span>;
  return (
    <ul className="bare">
      {concurrency.map(({ key, limit }) => (
        <li key={key ?? ""}>
          at most <strong>{limit}</strong> {limit === 1 ? what.replace(/s$/u, "") : what} at once
          {key !== undefined && (
            <>
              {" "}
              for each <code>{key}</code>
            </>
          )}
        </li>
      ))}
      {throttle !== undefined && (
        <li>
          at most <strong>{throttle.limit}</strong>{" "}
          {throttle.limit === 1 ? `${what.replace(/s$/u, "")} begins` : `${what} begin`} within{" "}
          {formatDuration(Number(throttle.perMs))}
          {throttle.key !== undefined && (
            <>
              {" "}
              for each <code>{throttle.key}</code>
            </>
          )}
        </li>
      )}
    </ul>
  );
}
