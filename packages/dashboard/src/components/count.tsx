import type { RunCount } from "@kagzi/proto";
import type { ReactNode } from "react";
import { formatCount } from "../app/format.ts";
import { Link } from "../app/router.tsx";

/** `12,345`, or `10,000+` where counting ended. */
export function textOfCount(count: RunCount | undefined): string {
  if (count === undefined) return "0";
  return `${formatCount(count.value, Number.POSITIVE_INFINITY)}${count.more ? "+" : ""}`;
}

/** How many there are; none stands back. With `to` it leads to them. */
export function Count({ count, to }: { readonly count: RunCount | undefined; readonly to?: string }): ReactNode {
  const text = textOfCount(count);
  if (text === "0") return <span className="faint number">0</span>;
  return to === undefined ? (
    <span className="number">{text}</span>
  ) : (
    <Link to={to} className="number">
      {text}
    </Link>
  );
}
