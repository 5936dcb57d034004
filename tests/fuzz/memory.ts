import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Resident memory of this process in bytes, after everything was collected that can be. */
export async function residentAfterCollection(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let times = 0; times < 3; times++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage.rss();
}
