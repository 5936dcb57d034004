import type { ReactNode } from "react";

/** Drawn, not typed: fonts differ in which signs they have. Each is 16 wide and 16 high. */
const PATHS = {
  pending: "M8 2.75a5.25 5.25 0 1 1 0 10.5a5.25 5.25 0 1 1 0-10.5",
  running: "M8 2.75a5.25 5.25 0 1 1-5.25 5.25M6.6 5.6v4.8L10.4 8z",
  sleeping: "M12.9 9.6A5.3 5.3 0 0 1 6.4 3.1a5.3 5.3 0 1 0 6.5 6.5z",
  waiting:
    "M4.5 2.75h7M4.5 13.25h7M5.5 2.75c0 3 2.5 3.5 2.5 5.25s-2.5 2.25-2.5 5.25M10.5 2.75c0 3-2.5 3.5-2.5 5.25s2.5 2.25 2.5 5.25",
  paused: "M5.75 3.5v9M10.25 3.5v9",
  completed: "M3 8.5l3.4 3.4L13 4.7",
  failed: "M4 4l8 8M12 4l-8 8",
  cancelled: "M8 2.75a5.25 5.25 0 1 1 0 10.5a5.25 5.25 0 1 1 0-10.5M4.4 11.6l7.2-7.2",
  search: "M7 2.75a4.25 4.25 0 1 1 0 8.5a4.25 4.25 0 1 1 0-8.5M10.2 10.2l3.3 3.3",
  copy: "M6 5.75h6.25v7.5H6zM10 3.25V2.75H3.75v7.5h.5",
  down: "M4.5 6.5L8 10l3.5-3.5",
  right: "M6.5 4.5L10 8l-3.5 3.5",
  left: "M9.5 4.5L6 8l3.5 3.5",
  close: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  plus: "M8 3.5v9M3.5 8h9",
  sun: "M8 5.25a2.75 2.75 0 1 1 0 5.5a2.75 2.75 0 1 1 0-5.5M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9",
  moon: "M12.9 9.6A5.3 5.3 0 0 1 6.4 3.1a5.3 5.3 0 1 0 6.5 6.5z",
  system: "M2.5 3.5h11v7.5h-11zM6 13.25h4",
  keyboard: "M2 4.5h12v7.5H2zM4.5 7h.1M7 7h.1M9.4 7h.1M11.6 7h.1M5 9.5h6",
  download: "M8 2.75v7M5 7l3 3l3-3M3 13.25h10",
  clock: "M8 2.75a5.25 5.25 0 1 1 0 10.5a5.25 5.25 0 1 1 0-10.5M8 5v3.2l2.2 1.4",
  code: "M5.5 4.5L2 8l3.5 3.5M10.5 4.5L14 8l-3.5 3.5",
  event: "M8.8 2L4 9h3.4L7 14l5-7.2H8.5z",
  child: "M4.5 2.75v6.5h6M8 6.75l2.5 2.5L8 11.75",
} as const;

export type IconName = keyof typeof PATHS;

/** A sign. It says nothing to those who cannot see it: a word stands beside it, or a label on what holds it. */
export function Icon({ name }: { readonly name: IconName }): ReactNode {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
