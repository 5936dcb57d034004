import type { StepRow } from "./fold-history.ts";

/** A stretch of time, and how much of the width it takes. */
interface Piece {
  readonly fromMs: number;
  readonly toMs: number;
  readonly left: number;
  readonly width: number;
  readonly isFolded: boolean;
}

/** Where points in time lie in the width of the timeline, from 0 to 1. */
export interface Scale {
  readonly fromMs: number;
  readonly toMs: number;
  readonly at: (ms: number) => number;
  /** The time at a point of the width. */
  readonly timeAt: (position: number) => number;
  /** Idle stretches that are folded, with their true length. */
  readonly folds: readonly { readonly left: number; readonly width: number; readonly ms: number }[];
}

/** Idle time that is shorter is never folded. */
const SHORTEST_FOLD_MS = 2000;
/** Of the width of everything that is not folded. */
const FOLD_WIDTH = 0.1;

/**
 * The scale of a run. Long stretches in which nothing ran are folded to a small width, so that a step of 200 ms can be
 * seen beside a sleep of three days.
 */
export function scaleOf(
  rows: readonly StepRow[],
  span: { readonly fromMs: number; readonly toMs: number },
  folds: boolean,
): Scale {
  const { fromMs } = span;
  const toMs = Math.max(span.toMs, fromMs + 1);
  const pieces = layOut(folds ? stretches(rows, fromMs, toMs) : [{ fromMs, toMs, isFolded: false }]);
  const at = (ms: number) => {
    const piece = pieces[find(pieces, (each) => each.toMs >= ms)];
    if (piece === undefined) return ms <= fromMs ? 0 : 1;
    const share = (ms - piece.fromMs) / Math.max(1, piece.toMs - piece.fromMs);
    return piece.left + Math.min(1, Math.max(0, share)) * piece.width;
  };
  const timeAt = (position: number) => {
    const piece = pieces[find(pieces, (each) => each.left + each.width >= position)] ?? pieces.at(-1);
    if (piece === undefined) return fromMs;
    return piece.fromMs + ((position - piece.left) / piece.width) * (piece.toMs - piece.fromMs);
  };
  const folded = pieces.filter((piece) => piece.isFolded);
  return {
    fromMs,
    toMs,
    at,
    timeAt,
    folds: folded.map(({ left, width, ...piece }) => ({ left, width, ms: piece.toMs - piece.fromMs })),
  };
}

/** The first piece of which something holds; they are in order, and it holds of all that follow. */
function find(pieces: readonly Piece[], holds: (piece: Piece) => boolean): number {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const piece = pieces[middle];
    if (piece !== undefined && holds(piece)) high = middle;
    else low = middle + 1;
  }
  return low;
}

type Stretch = Pick<Piece, "fromMs" | "toMs" | "isFolded">;

/** Time in which functions ran, or the beginnings and ends of waits follow one another closely, and the idle time between. */
function stretches(rows: readonly StepRow[], fromMs: number, toMs: number): readonly Stretch[] {
  const gaps = idleGaps(rows, fromMs, toMs);
  const idle = gaps.reduce((sum, gap) => sum + (gap.toMs - gap.fromMs), 0);
  const busy = toMs - fromMs - idle;
  const long = gaps.filter((gap) => gap.toMs - gap.fromMs > Math.max(SHORTEST_FOLD_MS, busy / 2));
  const found: Stretch[] = [];
  let end = fromMs;
  for (const gap of long) {
    if (gap.fromMs > end) found.push({ fromMs: end, toMs: gap.fromMs, isFolded: false });
    found.push({ ...gap, isFolded: true });
    end = gap.toMs;
  }
  if (toMs > end || found.length === 0) found.push({ fromMs: end, toMs, isFolded: false });
  return found;
}

/** In order: nothing runs within, begins or ends. */
function idleGaps(
  rows: readonly StepRow[],
  fromMs: number,
  toMs: number,
): readonly { readonly fromMs: number; readonly toMs: number }[] {
  const busy = rows
    .flatMap((row) => row.segments)
    .flatMap((segment) =>
      segment.kind === "attempt"
        ? [[segment.fromMs, segment.toMs ?? toMs] as const]
        : [[segment.fromMs, segment.fromMs] as const, [segment.toMs ?? toMs, segment.toMs ?? toMs] as const],
    )
    .sort(([a], [b]) => a - b);
  const gaps: { fromMs: number; toMs: number }[] = [];
  let end = fromMs;
  for (const [from, to] of [...busy, [toMs, toMs] as const]) {
    if (from > end) gaps.push({ fromMs: end, toMs: Math.min(from, toMs) });
    end = Math.max(end, to);
  }
  return gaps;
}

function layOut(found: readonly Stretch[]): readonly Piece[] {
  const shown = found.reduce((sum, each) => sum + (each.isFolded ? 0 : each.toMs - each.fromMs), 0);
  // A run that only waits has nothing else to show: its folds share the width.
  const fold = shown === 0 ? 1 : shown * FOLD_WIDTH;
  const weights = found.map((each) => (each.isFolded ? fold : each.toMs - each.fromMs));
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  let left = 0;
  return found.map((each, index) => {
    const width = (weights[index] ?? 0) / whole;
    const piece = { ...each, left, width };
    left += width;
    return piece;
  });
}
