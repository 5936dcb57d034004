import { OpenWorkflow } from "openworkflow";
import { inParallel } from "../../dist/programs/program.js";

const CALLS = 32;
const CONCURRENCY = 100;

/** OpenWorkflow over the backend that `open` makes of a place; what is not settled is asked of `isSettled`. */
export function programOf({ isSettled, open, settings }) {
  let backend;
  let ow;
  let worker;
  let marks;
  const end = async () => {
    await worker?.stop();
    worker = undefined;
  };
  const startAll = ({ count, first }, name, inputOf) =>
    inParallel({ first, count, atOnce: CALLS }, (n) => ow.runWorkflow({ name }, inputOf(n)));
  return {
    settings: `worker with concurrency ${CONCURRENCY}; ${CALLS} starts at once; its intervals of polling cannot be set; ${settings}`,
    client: {
      async connect(place) {
        backend = await open(place);
        ow = new OpenWorkflow({ backend });
      },
      start: ({ steps, ...range }) => startAll(range, "steps", (n) => ({ n, steps })),
      async run(input) {
        const handle = await ow.runWorkflow({ name: "steps" }, input);
        await handle.result();
      },
      sleep: ({ dueAt, ...range }) => startAll(range, "sleeper", (n) => ({ n, dueAt })),
      isSettled: () => isSettled(backend),
      close: () => backend.stop(),
    },
    worker: {
      async connect(place, given) {
        marks = given;
        // In one process the client has opened it.
        backend ??= await open(place);
        ow = new OpenWorkflow({ backend });
        defineAll(ow, () => marks);
      },
      async begin() {
        worker = ow.newWorker({ concurrency: CONCURRENCY });
        await worker.start();
      },
      end,
      close: end,
    },
  };
}

function defineAll(ow, marksNow) {
  ow.defineWorkflow({ name: "steps" }, async ({ input: { n, steps }, step }) => {
    let sum = n;
    for (let index = 0; index < steps; index++) {
      const before = sum;
      sum = await step.run({ name: `add-${index}` }, () => {
        marksNow().step(n, index);
        return before + index;
      });
    }
    marksNow().ended(n);
    return sum;
  });
  ow.defineWorkflow({ name: "sleeper" }, async ({ input: { dueAt, n }, step }) => {
    // The end of a sleep is kept from the first time on.
    await step.sleep("until due", `${Math.max(0, dueAt - Date.now())}ms`);
    marksNow().woke(n, dueAt);
    marksNow().ended(n);
    return n;
  });
}
