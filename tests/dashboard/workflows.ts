import { KagziError, Retry, workflow } from "kagzi";

interface Order {
  readonly id: string;
  readonly items: readonly { readonly sku: string; readonly count: number }[];
  readonly express?: boolean;
}

/** Ships what was ordered, as another run. */
export const ship = workflow("ship", async (ctx, order: Order) => {
  await ctx.step("pick", () => order.items.length);
  return ctx.step("label", () => ({ tracking: `T-${order.id}` }));
});

/** Does a bit of everything: attempts, a sleep, an event and a child. */
export const order = workflow("order", async (ctx, input: Order) => {
  await ctx.step("validate", () => ({ total: input.items.length * 1999 }));
  const retry = Retry.fixed(3, "700ms");
  await ctx.step("charge", { retry, input: { amount: 1999, currency: "EUR" } }, async ({ attempt }) => {
    await pause(120);
    if (attempt < 3) throw new Error("the bank did not answer", { cause: new Error("connect ETIMEDOUT 10.0.0.7:443") });
    return { receipt: "R-1207", amount: 1999 };
  });
  await ctx.sleep("cool-off", "3s");
  const approval = await ctx.waitForEvent<{ readonly by: string }>("approval", { timeout: "3d" });
  const shipped = await ctx.invoke(ship, input);
  await ctx.step("mail", () => pause(80));
  return { ...shipped, approval };
});

/** Fails for good, with a cause. */
export const charge = workflow("charge", async (ctx, input: { readonly customer: string }) => {
  await ctx.step("reserve", () => ({ stock: 3 }));
  await ctx.step("bank", { retry: Retry.fixed(1, "1ms") }, () => {
    throw new TypeError(`customer ${input.customer} has no account`, { cause: new Error("404 from the bank") });
  });
});

/** Waits until somebody acts on it. */
export const patient = workflow("patient", async (ctx, input: { readonly name: string }) => {
  await ctx.step("begin", () => input.name);
  return ctx.waitForEvent<{ readonly ok: boolean }>("go");
});

/** Has many steps. */
export const many = workflow("many", async (ctx, count: number) => {
  for (let index = 0; index < count; index += 1) await ctx.step("step", () => index);
  return count;
});

const GREETING = {
  type: "object",
  required: ["name"],
  properties: {
    name: { type: "string", title: "Name", description: "Who is greeted." },
    times: { type: "integer", default: 1, description: "How often." },
    tone: { enum: ["warm", "formal"] },
    loud: { type: "boolean" },
    tags: { type: "array", items: { type: "string" } },
  },
};

interface Greeting {
  readonly name: string;
  readonly times?: number;
}

/** Tells the shape of its input. */
export const greet = workflow(
  "greet",
  {
    input: {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value: unknown) => {
          if (typeof value !== "object" || value === null || !("name" in value)) {
            return { issues: [{ message: "a name is missing", path: ["name"] }] };
          }
          return { value: value as Greeting };
        },
        jsonSchema: { input: () => GREETING, output: () => GREETING },
      },
    } as never,
  },
  async (ctx, input: Greeting) => ctx.step("hello", () => `Hello ${input.name}`.repeat(input.times ?? 1)),
);

/** Ends at once where its input says so. */
export const picky = workflow("picky", (_ctx, input: { readonly fail: boolean }) => {
  if (input.fail) throw new KagziError("INVALID_ARGUMENT", "it was asked to fail");
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
