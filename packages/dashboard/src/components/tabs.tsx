import type { ReactNode } from "react";
import { Link } from "../app/router.tsx";

export interface Tab {
  readonly name: string;
  readonly label: ReactNode;
  readonly to: string;
}

/** Parts of a screen, each with an address of its own. */
export function Tabs({
  tabs,
  current,
  label,
}: {
  readonly tabs: readonly Tab[];
  readonly current: string;
  readonly label: string;
}): ReactNode {
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <Link key={tab.name} to={tab.to} aria-current={tab.name === current ? "page" : undefined}>
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}
