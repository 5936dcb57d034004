import type { Limits } from "@kagzi/proto";
import { type ReactNode, useState } from "react";
import { useAction } from "../client/use-action.ts";
import { Confirm } from "./dialog.tsx";
import { Field } from "./field.tsx";
import { type LimitsDraft, draftOf, limitsOf, problemOfDraft } from "./limits-form.ts";

export interface LimitsDialogProps {
  /** What is limited: `runs`. */
  readonly what: string;
  readonly limits: Limits | undefined;
  /** Whether limits may be for each value of a field. */
  readonly hasKeys: boolean;
  readonly save: (limits: ReturnType<typeof limitsOf>) => Promise<unknown>;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

/** Changes limits while they are in use. */
export function LimitsDialog({ what, limits, hasKeys, save, onDone, onClose }: LimitsDialogProps): ReactNode {
  const [draft, setDraft] = useState<LimitsDraft>(() => draftOf(limits));
  const problem = problemOfDraft(draft);
  const action = useAction(async () => {
    await save(limitsOf(draft));
    onDone();
    onClose();
    return "The limits are in force.";
  });
  const number = (label: string, name: keyof LimitsDraft, hint?: string) => (
    <Field label={label} hint={hint}>
      {(given) => (
        <input
          {...given}
          type="number"
          min={0}
          step="any"
          value={draft[name]}
          onChange={(event) => setDraft({ ...draft, [name]: event.target.value })}
        />
      )}
    </Field>
  );
  const text = (label: string, name: keyof LimitsDraft, error?: string) => (
    <Field label={label} hint="As user.id, with dots for a field within another." error={error}>
      {(given) => (
        <input
          {...given}
          value={draft[name]}
          onChange={(event) => setDraft({ ...draft, [name]: event.target.value })}
        />
      )}
    </Field>
  );
  return (
    <Confirm
      title="Change the limits"
      verb="Put in force"
      isBusy={action.isBusy}
      isDisabled={problem !== undefined}
      onClose={onClose}
      onConfirm={() => void action.run()}
    >
      <p>They go before those of the code, at once and everywhere. An empty box: no limit.</p>
      {number(`How many ${what} at once`, "concurrency")}
      {hasKeys && (
        <div className="pair">
          {number(`How many ${what} at once for each value`, "keyConcurrency")}
          {text("of this field of the input", "key", problem)}
        </div>
      )}
      <div className="pair">
        {number(`How many ${what} may begin`, "throttle")}
        {number("within so many seconds", "throttleSeconds", "Empty: 1.")}
      </div>
      {hasKeys && text("for each value of this field (optional)", "throttleKey")}
    </Confirm>
  );
}
