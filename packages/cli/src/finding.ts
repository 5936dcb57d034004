/** What was found where something was looked at, and what to do about it. */
export interface Finding {
  readonly name: string;
  readonly grade: "good" | "doubtful" | "wrong";
  readonly message: string;
  readonly next?: string;
  /** Of the command, if nothing else is wrong before it; default 1. */
  readonly exitCode?: number;
}

export function good(name: string, message: string): Finding {
  return { name, grade: "good", message };
}

export function doubtful(name: string, message: string, next: string): Finding {
  return { name, grade: "doubtful", message, next };
}

export function wrong(name: string, message: string, next: string): Finding {
  return { name, grade: "wrong", message, next };
}
