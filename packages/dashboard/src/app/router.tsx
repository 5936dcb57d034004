import { type AnchorHTMLAttributes, type MouseEvent, type ReactNode, useSyncExternalStore } from "react";
import { BASE_PATH } from "./base.ts";

// The routes are few: the History API and sixty lines do.

/** Where the page is, below the base. */
export interface Place {
  /** From `/` on. */
  readonly path: string;
  readonly search: URLSearchParams;
}

const listeners = new Set<() => void>();
let here: Place = readPlace();

function readPlace(): Place {
  const { pathname, search } = window.location;
  const path = pathname.startsWith(BASE_PATH) ? pathname.slice(BASE_PATH.length - 1) : "/";
  return { path, search: new URLSearchParams(search) };
}

function moved(): void {
  here = readPlace();
  for (const listener of listeners) listener();
}

window.addEventListener("popstate", moved);

/** The address of a path of the dashboard, under any base: for `href`. */
export function hrefOf(path: string): string {
  return BASE_PATH + path.replace(/^\//u, "");
}

/** Goes to a path, with its query. `replace`: the one before is not come back to. */
export function navigate(path: string, how: { readonly replace?: boolean } = {}): void {
  if (how.replace === true) history.replaceState(null, "", hrefOf(path));
  else {
    history.pushState(null, "", hrefOf(path));
    window.scrollTo(0, 0);
  }
  moved();
}

export function usePlace(): Place {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => here,
  );
}

/** Changes the query of the address: `undefined` and an empty text take a name away. */
export function setSearch(changes: Readonly<Record<string, string | undefined>>): void {
  const search = new URLSearchParams(here.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === "") search.delete(name);
    else search.set(name, value);
  }
  const query = search.toString();
  navigate(here.path + (query === "" ? "" : `?${query}`), { replace: true });
}

export interface LinkProps extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> {
  readonly to: string;
  readonly children: ReactNode;
}

/** A link within the dashboard. */
export function Link({ to, onClick, ...rest }: LinkProps): ReactNode {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!isPlain || event.defaultPrevented) return;
    event.preventDefault();
    navigate(to);
  };
  return <a href={hrefOf(to)} onClick={follow} {...rest} />;
}

/** The values of the `:names` of a pattern such as `/:namespace/runs/:id`; absent where the path is another. */
export function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split("/");
  const given = path.replace(/\/$/u, "").split("/");
  if (wanted.length !== given.length) return undefined;
  const values: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? "";
    if (part.startsWith(":")) {
      if (value === "") return undefined;
      values[part.slice(1)] = decode(value);
    } else if (part !== value) return undefined;
  }
  return values;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
