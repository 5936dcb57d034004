import { forget, recall, remember } from "../app/memory.ts";

const NAME = "key";

/** The API key that calls are made with; absent where the server asks for none, or nobody has signed in. */
export function readKey(): string | undefined {
  return recall(NAME);
}

/** Keeps the key in this browser until {@link forgetKey}. */
export function keepKey(key: string): void {
  remember(NAME, key);
}

export function forgetKey(): void {
  forget(NAME);
}
