import { useSyncExternalStore } from "react";
import { BASE_URL } from "../app/base.ts";

/** What somebody may be allowed to do, as the server has it. */
export type Right = "read" | "start" | "use" | "admin";

const RIGHTS: Readonly<Record<string, readonly Right[]>> = {
  "read-only": ["read"],
  client: ["read", "start", "use"],
  worker: ["read", "start"],
  admin: ["read", "start", "use", "admin"],
};

/** What browsers must send with each call: pages of other sites cannot. */
export const CSRF_HEADER = "x-kagzi-csrf";

/** Who looks at the dashboard. */
export interface Session {
  readonly signedIn: boolean;
  readonly auth: "required" | "optional" | "off";
  /** The name and the role of the key; absent while nobody is signed in. */
  readonly name?: string;
  readonly role?: string;
  /** The id of the key, or `local` where none was needed. */
  readonly actor?: string;
  /** The only namespace that the key is good for; absent or `null`: all of them. */
  readonly namespace?: string | null;
}

const listeners = new Set<() => void>();
let current: Session | undefined;

function set(session: Session | undefined): void {
  current = session;
  for (const listener of listeners) listener();
}

/** Asks the server who is signed in. Answers with nothing where the server cannot be asked. */
export async function lookAtSession(): Promise<void> {
  try {
    const response = await fetch(`${BASE_URL}session`, { headers: { [CSRF_HEADER]: "1" } });
    if (response.status === 401) set({ auth: "required", signedIn: false });
    else if (response.ok) set((await response.json()) as Session);
  } catch {
    // The server is not there: the screens say so, and it is asked again when a call is refused.
  }
}

/** A call was refused because nobody is signed in, or is no longer. */
export function sessionIsOver(): void {
  if (current?.signedIn !== false) set({ auth: "required", signedIn: false });
}

/**
 * Signs in with a key. The key itself is kept nowhere: the server answers with a cookie.
 * @throws Error with what is wrong, for people
 */
export async function signIn(key: string): Promise<void> {
  const response = await fetch(`${BASE_URL}login`, {
    method: "POST",
    headers: { "content-type": "application/json", [CSRF_HEADER]: "1" },
    body: JSON.stringify({ key }),
  });
  if (!response.ok) throw new Error(await whyRefused(response));
  set((await response.json()) as Session);
}

async function whyRefused(response: Response): Promise<string> {
  try {
    const { message } = (await response.json()) as { readonly message?: string };
    return message ?? `the server answered ${response.status}`;
  } catch {
    return `the server answered ${response.status}`;
  }
}

export async function signOut(): Promise<void> {
  await fetch(`${BASE_URL}logout`, { method: "POST", headers: { [CSRF_HEADER]: "1" } });
  await lookAtSession();
}

/** Who is signed in; absent until the server has said so. */
export function useSession(): Session | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}

/** Why somebody may not do something; absent: they may. */
export function useWhyNot(right: Right | undefined): string | undefined {
  const session = useSession();
  if (right === undefined || session?.role === undefined || (RIGHTS[session.role] ?? []).includes(right))
    return undefined;
  return `Your key has the role ${session.role}: this takes ${right === "admin" ? "admin" : "client or admin"}.`;
}
