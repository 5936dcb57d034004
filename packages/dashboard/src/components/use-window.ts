import { type RefObject, useLayoutEffect, useState } from "react";

/** Which rows of a list are to be rendered. */
export interface Window {
  readonly first: number;
  /** After the last. */
  readonly end: number;
}

/** Rows beyond the edges, so that scrolling shows no gaps. */
const BEYOND = 12;
/** Shorter lists are rendered whole. */
export const WHOLE_UP_TO = 150;

/** The rows, all of one height, that are in sight of the page's own scrolling. */
export function useWindow(box: RefObject<HTMLElement | null>, count: number, rowHeight: number): Window {
  const isWhole = count <= WHOLE_UP_TO;
  const [range, setRange] = useState<Window>({ first: 0, end: Math.min(count, WHOLE_UP_TO) });
  useLayoutEffect(() => {
    if (isWhole) return undefined;
    const look = () => {
      const top = box.current?.getBoundingClientRect().top ?? 0;
      const first = Math.max(0, Math.floor(-top / rowHeight) - BEYOND);
      const end = Math.min(count, Math.ceil((window.innerHeight - top) / rowHeight) + BEYOND);
      setRange((before) => (before.first === first && before.end === end ? before : { first, end }));
    };
    look();
    window.addEventListener("scroll", look, { passive: true });
    window.addEventListener("resize", look);
    return () => {
      window.removeEventListener("scroll", look);
      window.removeEventListener("resize", look);
    };
  }, [box, count, isWhole, rowHeight]);
  return isWhole ? { first: 0, end: count } : range;
}

/** Scrolls so far that a row is in sight, whether it is rendered or not. */
export function reveal(box: HTMLElement | null, index: number, rowHeight: number): void {
  if (box === null) return;
  const top = box.getBoundingClientRect().top + index * rowHeight;
  if (top < 80) window.scrollBy(0, top - 80);
  else if (top + rowHeight > window.innerHeight - 20) window.scrollBy(0, top + rowHeight - window.innerHeight + 20);
}
