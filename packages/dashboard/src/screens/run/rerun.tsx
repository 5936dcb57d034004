import type { Workflow } from "@kagzi/proto";
import { type ReactNode, useState } from "react";
import { within } from "../../app/namespace.tsx";
import { navigate } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { readTyped } from "../../client/payload-of.ts";
import { useAction } from "../../client/use-action.ts";
import { Button } from "../../components/button.tsx";
import { Confirm } from "../../components/dialog.tsx";
import { JsonField } from "../../components/json-field.tsx";
import { readPayload } from "../../components/payload.tsx";

export interface RerunProps {
  readonly run: Workflow;
  /** The first step that is executed anew; absent: all of them are. */
  readonly fromStep?: string;
}

/** Runs the run again as a new one, from the beginning or from a step, with its input or another one. */
export function RerunButton({ run, fromStep }: RerunProps): ReactNode {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>{fromStep === undefined ? "Rerun…" : "Rerun from here…"}</Button>
      {isOpen && <RerunDialog run={run} {...(fromStep !== undefined && { fromStep })} onClose={() => setOpen(false)} />}
    </>
  );
}

function RerunDialog({ run, fromStep, onClose }: RerunProps & { readonly onClose: () => void }): ReactNode {
  const input = readPayload(run.input);
  const isReadable = input.kind === "json" || input.kind === "nothing";
  const before = input.kind === "json" ? JSON.stringify(input.value, undefined, 2) : "";
  const [text, setText] = useState(before);
  const typed = readTyped(text);
  const { namespaceId, runId } = run;
  const action = useAction(async () => {
    if (!typed.ok) return undefined;
    const rerun = await api.workflows.rerunWorkflow({
      namespaceId,
      runId,
      ...(fromStep !== undefined && { fromStepId: `${runId}/${fromStep}` }),
      // What was not changed is taken over as it is, to the byte.
      ...(text !== before && typed.payload !== undefined && { input: typed.payload }),
    });
    navigate(within(namespaceId, "runs", rerun.runId));
    return "A new run was started.";
  });
  return (
    <Confirm
      title={fromStep === undefined ? "Run it again" : `Run it again from ${fromStep}`}
      verb="Start the new run"
      isBusy={action.isBusy}
      isDisabled={!typed.ok}
      onClose={onClose}
      onConfirm={() => void action.run()}
    >
      <p>
        {fromStep === undefined
          ? "A new run does everything anew. This one stays as it is."
          : `A new run takes over what had been recorded before ${fromStep}, and executes that step and all after it anew. This run stays as it is.`}
      </p>
      {isReadable ? (
        <JsonField label="Input" text={text} onText={setText} hint="As it was, unless you change it." />
      ) : (
        <p className="faint">The input can be read by its owner alone, and is taken over as it is.</p>
      )}
    </Confirm>
  );
}
