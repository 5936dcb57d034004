import type { ReactNode } from "react";
import { readTyped } from "../client/payload-of.ts";
import { Field } from "./field.tsx";

export interface JsonFieldProps {
  readonly label: string;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly hint?: ReactNode;
}

/** JSON to be typed. What is wrong with it is said while it is typed. */
export function JsonField({ label, text, onText, hint = "JSON. Empty: none." }: JsonFieldProps): ReactNode {
  const typed = readTyped(text);
  return (
    <Field label={label} hint={hint} error={typed.ok ? undefined : typed.problem}>
      {(given) => (
        <textarea
          {...given}
          value={text}
          spellCheck={false}
          aria-invalid={!typed.ok}
          onChange={(event) => onText(event.target.value)}
        />
      )}
    </Field>
  );
}
