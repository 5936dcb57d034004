import { type ReactNode, useEffect, useState } from "react";
import { lookAtSession, useSession } from "../client/session.ts";
import { Empty } from "../components/empty.tsx";
import { Toasts } from "../components/toast.tsx";
import { LoginScreen } from "../screens/login/login-screen.tsx";
import { recall, remember } from "./memory.ts";
import { NamespaceContext, within } from "./namespace.tsx";
import { Link, matchPath, navigate, usePlace } from "./router.tsx";
import { ROUTES } from "./routes.tsx";
import { useShortcuts } from "./shortcuts.ts";
import { Sidebar } from "./sidebar.tsx";
import { KeysSheet } from "./keys-sheet.tsx";

/** The namespace that was looked at last, or the one that everybody has. */
function lastNamespace(): string {
  return recall("namespace") ?? "default";
}

export function App(): ReactNode {
  const { path } = usePlace();
  const [isSheetOpen, setSheetOpen] = useState(false);
  const namespace = matchPath("/:namespace", path.split("/").slice(0, 2).join("/"))?.["namespace"];
  const session = useSession();
  useEffect(() => void lookAtSession(), []);
  const first = session?.namespace ?? lastNamespace();
  const isSignedOut = session?.signedIn === false;
  useEffect(() => {
    if (namespace !== undefined) remember("namespace", namespace);
    else if (!isSignedOut) navigate(within(first), { replace: true });
  }, [first, isSignedOut, namespace]);
  useGlobalKeys(namespace ?? first, () => setSheetOpen(true));
  if (isSignedOut) return <LoginScreen />;
  if (namespace === undefined) return null;
  return (
    <NamespaceContext value={namespace}>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <div className="shell">
        <Sidebar onKeys={() => setSheetOpen(true)} />
        <main id="main" tabIndex={-1}>
          <Screen path={path} />
        </main>
      </div>
      {isSheetOpen && <KeysSheet onClose={() => setSheetOpen(false)} />}
      <Toasts />
    </NamespaceContext>
  );
}

function Screen({ path }: { readonly path: string }): ReactNode {
  for (const route of ROUTES) {
    const values = matchPath(route.path, path);
    if (values !== undefined) return route.screen(values);
  }
  return (
    <Empty title="There is no such page">
      <p>
        Nothing is at <code>{path}</code>. <Link to="/">Go to the overview</Link>.
      </p>
    </Empty>
  );
}

function useGlobalKeys(namespace: string, openSheet: () => void): void {
  const goes = ROUTES.flatMap(({ nav, path }) => {
    if (nav === undefined) return [];
    const to = path.replace("/:namespace", within(namespace));
    return [{ keys: `g ${nav.key}`, label: `go to: ${nav.label}`, run: () => navigate(to) }];
  });
  useShortcuts("Everywhere", [
    { keys: "?", label: "these keys", run: openSheet },
    {
      keys: "/",
      label: "to the search box",
      run: () => document.querySelector<HTMLInputElement>("[data-search]")?.focus(),
    },
    {
      keys: "Escape",
      label: "one level up",
      run: () => document.querySelector<HTMLAnchorElement>("[data-up]")?.click(),
    },
    ...goes,
  ]);
}
