import { type ReactNode, useEffect, useRef, useState } from "react";
import { plural } from "../../app/format.ts";
import { useNamespace } from "../../app/namespace.tsx";
import { isAborted, problemOf } from "../../client/errors.ts";
import { Button } from "../../components/button.tsx";
import { Confirm, Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { serverNow } from "../../components/time.tsx";
import { type Deed, type Progress, doToAll, doToEach } from "./bulk.ts";
import { type RunsFilter, WITHIN, statusName } from "./filter.ts";

export type BulkTarget =
  | { readonly kind: "runs"; readonly runIds: readonly string[] }
  | { readonly kind: "filter"; readonly filter: RunsFilter };

export interface BulkDialogProps {
  readonly deed: Deed;
  readonly target: BulkTarget;
  readonly onClose: () => void;
  /** It was done, if only to some of them. */
  readonly onDone: () => void;
}

type State =
  | { readonly kind: "asking" }
  | { readonly kind: "doing" | "done"; readonly progress: Progress; readonly problem?: string };

/** Asks, does it to many runs and tells how far it is. It can be stopped between two of them. */
export function BulkDialog({ deed, target, onClose, onDone }: BulkDialogProps): ReactNode {
  const namespaceId = useNamespace();
  const [state, setState] = useState<State>({ kind: "asking" });
  const [reason, setReason] = useState("");
  const stopping = useRef(new AbortController());
  useEffect(() => () => stopping.current.abort(), []);
  const begin = async () => {
    let last: Progress = { done: 0, failed: 0 };
    const onProgress = (progress: Progress) => {
      last = progress;
      setState({ kind: "doing", progress });
    };
    const options = { namespaceId, reason, signal: stopping.current.signal, onProgress };
    onProgress(last);
    try {
      last = await (target.kind === "runs"
        ? doToEach(deed, target.runIds, options)
        : doToAll(deed, target.filter, serverNow(), options));
      setState({ kind: "done", progress: last });
    } catch (thrown) {
      const problem = isAborted(thrown) ? "It was stopped." : problemOf(thrown).message;
      setState({ kind: "done", progress: last, problem });
    }
  };
  if (state.kind !== "asking") {
    const close = () => {
      onClose();
      onDone();
    };
    return <ProgressDialog deed={deed} state={state} onStop={() => stopping.current.abort()} onClose={close} />;
  }
  return (
    <Confirm
      title={deed === "cancel" ? "Cancel these runs?" : "Retry these runs?"}
      verb={deed === "cancel" ? "Cancel them" : "Retry them"}
      isDangerous={deed === "cancel"}
      onClose={onClose}
      onConfirm={() => void begin()}
    >
      <p>
        <strong>{describe(deed, target)}</strong>
      </p>
      {deed === "cancel" ? (
        <>
          <p>The code of each is told, has a minute to clean up, and then ends as cancelled. This cannot be undone.</p>
          <Field label="Reason" hint="Is kept with the runs.">
            {(given) => <input {...given} value={reason} onChange={(event) => setReason(event.target.value)} />}
          </Field>
        </>
      ) : (
        <p>Each goes on from where it failed. Steps that had completed are kept and not executed again.</p>
      )}
    </Confirm>
  );
}

/** To whom it is going to be done. */
function describe(deed: Deed, target: BulkTarget): string {
  if (target.kind === "runs") return `${plural(target.runIds.length, "run")} that you selected.`;
  const { statuses, withinMs, workflow } = target.filter;
  const state = deed === "retry" ? "has failed" : "has not ended";
  const within = Object.values(WITHIN).find(({ ms }) => ms === withinMs);
  const parts = [
    workflow === undefined ? "Every run" : `Every run of ${workflow}`,
    `that ${state}`,
    ...(deed === "cancel" && statuses.length > 0 ? [`and is ${statuses.map(statusName).join(" or ")}`] : []),
    ...(within === undefined ? [] : [`and was started in the ${within.label}`]),
  ];
  return `${parts.join(" ")}, whether it is shown or not.`;
}

interface ProgressDialogProps {
  readonly deed: Deed;
  readonly state: Exclude<State, { readonly kind: "asking" }>;
  readonly onStop: () => void;
  readonly onClose: () => void;
}

function ProgressDialog({ deed, state, onStop, onClose }: ProgressDialogProps): ReactNode {
  const { progress, problem } = state;
  const isDone = state.kind === "done";
  const verb = deed === "cancel" ? "cancelled" : "retried";
  return (
    <Dialog
      title={isDone ? "Done" : "At it…"}
      onClose={isDone ? onClose : onStop}
      actions={
        isDone ? (
          <Button look="primary" onClick={onClose}>
            Close
          </Button>
        ) : (
          <Button onClick={onStop}>Stop</Button>
        )
      }
    >
      <p role="status">
        {plural(progress.done, "run")} {verb}
        {progress.failed > 0 && `, ${progress.failed} could not be`}.
      </p>
      {progress.reason !== undefined && <p className="faint">The first: {progress.reason}</p>}
      {problem !== undefined && <p role="alert">{problem}</p>}
    </Dialog>
  );
}
