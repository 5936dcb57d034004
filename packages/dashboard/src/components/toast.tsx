import { type ReactNode, useSyncExternalStore } from "react";
import { Button } from "./button.tsx";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly look: "good" | "bad";
}

const SHOWN_MS = 5000;
const listeners = new Set<() => void>();
let toasts: readonly Toast[] = [];
let ids = 0;

function change(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function drop(id: number): void {
  change(toasts.filter((each) => each.id !== id));
}

/** Says something in a corner. What went wrong stays until it is closed. */
export function toast(text: string, look: Toast["look"] = "good"): void {
  const id = ++ids;
  change([...toasts, { id, text, look }].slice(-4));
  if (look === "good") window.setTimeout(() => drop(id), SHOWN_MS);
}

/** Where toasts are shown; once on the page. */
export function Toasts(): ReactNode {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map(({ id, look, text }) => (
        <div key={id} className={`toast ${look}`}>
          <span>{text}</span>
          <Button
            look="quiet"
            className="button quiet small"
            icon="close"
            aria-label="Close"
            onClick={() => drop(id)}
          />
        </div>
      ))}
    </div>
  );
}
