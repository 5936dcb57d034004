import { useEffect, useRef } from "react";

/** What a key does. */
export interface Shortcut {
  /** As it is pressed: `?`, `j`, `Enter`, or two in a row: `g r`. */
  readonly keys: string;
  /** For the sheet of keys. */
  readonly label: string;
  readonly run: (event: KeyboardEvent) => void;
}

interface Group {
  readonly name: string;
  readonly shortcuts: readonly Shortcut[];
}

/** The groups that are in force, the innermost last. */
const groups: Group[] = [];
let first: { readonly key: string; readonly at: number } | undefined;
/** How long the second of two keys may take. */
const SEQUENCE_MS = 1200;

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || isTyping(event)) return;
  const sequence = first !== undefined && event.timeStamp - first.at < SEQUENCE_MS ? `${first.key} ${event.key}` : "";
  first = { key: event.key, at: event.timeStamp };
  const found = find(sequence) ?? find(event.key);
  if (found === undefined) return;
  first = undefined;
  event.preventDefault();
  found.run(event);
});

function find(keys: string): Shortcut | undefined {
  for (const group of groups.toReversed()) {
    const found = group.shortcuts.find((shortcut) => shortcut.keys === keys);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Keys that are text are not commands, nor is what a dialog, a button or a link does with Enter by itself. */
function isTyping({ key, target }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("input, textarea, select, [contenteditable], dialog") !== null) return true;
  return (key === "Enter" || key === " ") && target.closest("a, button, summary") !== null;
}

/** Keys that work while a component is there. */
export function useShortcuts(name: string, shortcuts: readonly Shortcut[]): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  useEffect(() => {
    const group: Group = {
      name,
      get shortcuts() {
        return latest.current;
      },
    };
    groups.push(group);
    return () => {
      groups.splice(groups.indexOf(group), 1);
    };
  }, [name]);
}

/** Everything that the keys do now, by group: for the sheet. */
export function shortcutsInForce(): readonly Group[] {
  return groups.filter((group) => group.shortcuts.length > 0);
}
