import { KagziError, Retry, workflow } from "kagzi";

/** What a run of the soak is given, and gives back. */
export interface SoakInput {
  readonly n: number;
  readonly kind: SoakKind;
  readonly padding: string;
}

export type SoakKind = "steps" | "parallel" | "sleep" | "event" | "child" | "retry" | "fails" | "limited";

/** Of twenty runs. */
const MIX: readonly SoakKind[] = [
  ...Array.from({ length: 8 }, () => "steps" as const),
  "parallel",
  "parallel",
  "sleep",
  "sleep",
  "event",
  "event",
  "child",
  "child",
  "retry",
  "limited",
  "limited",
  "fails",
];

export function soakInput(n: number): SoakInput {
  return { n, kind: MIX[n % MIX.length] ?? "steps", padding: "x".repeat(n % 500) };
}

const link = workflow("soak-link", async (ctx, n: number) => ctx.step("link", () => n + 1));
const limited = workflow(
  "soak-limited",
  { concurrency: [{ limit: 20 }, { limit: 5, key: "kind" }] },
  async (ctx, input: SoakInput) => ctx.step("hold", () => input.n),
);
const mixed = workflow("soak-mixed", async (ctx, input: SoakInput): Promise<number> => {
  const { kind, n } = input;
  const first = await ctx.step("first", () => ({ n, padding: input.padding }));
  switch (kind) {
    case "steps":
      return (await ctx.step("second", () => first.n + 1)) - 1;
    case "parallel": {
      const all = await Promise.all([1, 2, 3].map((each) => ctx.step("each", () => each)));
      return all.length === 3 ? n : -1;
    }
    case "sleep":
      await ctx.sleep("nap", "40ms");
      return n;
    case "event":
      return (await ctx.waitForEvent<number>("go", { timeout: "2m" }))?.payload ?? -1;
    case "child":
      return (await ctx.invoke(link, n)) - 1;
    case "retry":
      return ctx.step("flaky", { retry: Retry.fixed(2, "20ms") }, ({ attempt }) => {
        if (attempt === 1) throw new Error("the first attempt fails");
        return n;
      });
    case "limited":
      return ctx.step("slot", { limit: "soak-api" }, () => n);
    case "fails":
      throw KagziError.nonRetryable(`run ${n} fails`);
  }
});

/** Everything that a worker of the soak has. */
export const SOAK_WORKFLOWS = [mixed, limited, link] as const;
export const SOAK_LIMITS = { "soak-api": { concurrency: 10 } } as const;

/** Every tenth run with a limit is of the workflow that is held back as a whole. */
export function soakWorkflowOf({ kind, n }: SoakInput): typeof mixed {
  return kind === "limited" && n % 2 === 0 ? limited : mixed;
}
