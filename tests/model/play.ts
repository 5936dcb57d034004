import { Differential, type Subject, sequences } from "@kagzi/store-conformance/model";
import { SqliteStore } from "@kagzi/store-sqlite";
import * as fc from "fast-check";

/** What came of it, beside no difference. */
export type Played = Pick<Differential, "calls" | "losses" | "coverage">;

/**
 * Plays sequences until so many calls were made, from a seed on, so many of them under each seed. What fails is made smaller, on stores of its own, and says with which
 * seed it can be made again.
 */
export async function play(
  open: () => Promise<Subject>,
  { atATime, calls, seed }: { readonly calls: number; readonly seed: number; readonly atATime: number },
): Promise<Played> {
  let subject = await open();
  let differential = new Differential(subject);
  const property = fc.asyncProperty(sequences(60), async (sequence) => {
    try {
      await differential.play(sequence);
    } catch (error) {
      await subject.store.close();
      subject = await open();
      differential = new Differential(subject);
      throw error;
    }
  });
  for (let next = seed; differential.calls < calls; next++) {
    await fc.assert(property, { numRuns: atATime, seed: next, interruptAfterTimeLimit: 600_000 });
    const broken = await subject.store.violations();
    if (broken.length > 0) throw new Error(`seed ${next}: ${broken.join("; ")}`);
  }
  await subject.store.close();
  return differential;
}

export async function openSqlite(): Promise<Subject> {
  const clock = { now: Date.UTC(2030, 0, 1) };
  const store = new SqliteStore({ path: ":memory:", clock: () => clock.now });
  await store.migrate();
  return { store, clock };
}
