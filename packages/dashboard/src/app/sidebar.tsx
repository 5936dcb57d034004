import type { ReactNode } from "react";
import { api } from "../client/api.ts";
import { signOut, useSession } from "../client/session.ts";
import { useLive } from "../client/use-live.ts";
import { Icon } from "../components/icon.tsx";
import { followClock } from "../components/time.tsx";
import { toMs } from "./format.ts";
import { NamespaceSwitch } from "./namespace-switch.tsx";
import { useNamespace, within } from "./namespace.tsx";
import { Link, usePlace } from "./router.tsx";
import { ROUTES } from "./routes.tsx";
import { type Theme, theme } from "./theme.ts";
import { timeZone, zoneName } from "./time-zone.ts";

const SERVER_EVERY_MS = 30_000;
const THEME_ICON = { system: "system", light: "sun", dark: "moon" } as const satisfies Record<Theme, string>;

/** Where one can go, whose runs are looked at, and how it looks. */
export function Sidebar({ onKeys }: { readonly onKeys: () => void }): ReactNode {
  const namespace = useNamespace();
  const { path } = usePlace();
  return (
    <aside className="sidebar">
      <Link to="/" className="brand" aria-label="Kagzi, to the start">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path className="sheet" d="M7 4h13l6 6v18H7z" />
          <path className="fold" d="M20 4v6h6" />
          <path className="lines" d="M11.5 15.5h9.5M11.5 19.5h6M11.5 23.5h8" />
        </svg>
        Kagzi
      </Link>
      <NamespaceSwitch />
      <nav aria-label="Screens">
        {ROUTES.map(({ nav, path: pattern }) => {
          if (nav === undefined) return null;
          const to = pattern.replace("/:namespace", within(namespace));
          const isHere = path === to || (pattern !== "/:namespace" && path.startsWith(`${to}/`));
          return (
            <Link
              key={pattern}
              to={to}
              className={nav.beginsGroup === true ? "apart" : undefined}
              aria-current={isHere ? "page" : undefined}
            >
              {nav.label}
            </Link>
          );
        })}
      </nav>
      <footer>
        <ServerLine />
        <WhoLine />
        <div className="switches">
          <ThemeSwitch />
          <ZoneSwitch />
          <button type="button" className="button quiet small" onClick={onKeys} title="Keys (?)" aria-label="Keys">
            <Icon name="keyboard" />
          </button>
        </div>
      </footer>
    </aside>
  );
}

function ServerLine(): ReactNode {
  const { problem, value } = useLive({
    key: "server",
    load: async (signal) => {
      const info = await api.admin.getServerInfo({}, { signal });
      if (info.now !== undefined) followClock(toMs(info.now));
      return info;
    },
    every: SERVER_EVERY_MS,
  });
  if (problem !== undefined) return <p className="server bad">{value === undefined ? "No server" : "Reconnecting…"}</p>;
  if (value === undefined) return <p className="server">…</p>;
  return (
    <p className="server">
      {value.serverVersion} on {value.store === "postgres" ? "PostgreSQL" : "SQLite"}
    </p>
  );
}

/** Who is signed in, where anybody had to. */
function WhoLine(): ReactNode {
  const session = useSession();
  if (session?.name === undefined || session.actor === "local") return null;
  return (
    <div className="who">
      <span className="truncate" title={`${session.name}: ${session.role}`}>
        {session.name} <span className="faint">({session.role})</span>
      </span>
      <button type="button" className="button quiet small" onClick={() => void signOut()}>
        Sign out
      </button>
    </div>
  );
}

function ThemeSwitch(): ReactNode {
  const current = theme.use();
  const next = theme.values[(theme.values.indexOf(current) + 1) % theme.values.length] ?? "system";
  return (
    <button
      type="button"
      className="button quiet small"
      onClick={() => theme.set(next)}
      title={`Colours: ${current}`}
      aria-label={`Colours: ${current}. Change to ${next}`}
    >
      <Icon name={THEME_ICON[current]} />
    </button>
  );
}

function ZoneSwitch(): ReactNode {
  const current = timeZone.use();
  const next = current === "utc" ? "local" : "utc";
  return (
    <button
      type="button"
      className="button quiet small zone"
      onClick={() => timeZone.set(next)}
      title={`Times are in ${zoneName(current)}`}
      aria-label={`${current === "utc" ? "UTC" : "local"} times. Change to ${next === "utc" ? "UTC" : "local"}`}
    >
      <Icon name="clock" />
      {current === "utc" ? "UTC" : "local"}
    </button>
  );
}
