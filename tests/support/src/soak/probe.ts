import { readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Probed } from "./probed.ts";

// Loaded before a program by --import: says over IPC, when it is asked, what the process holds after a collection.

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

process.on("message", (message: unknown) => {
  if (typeof message === "object" && message !== null && "probe" in message) void answer(message.probe);
});
// A process that has nothing else to do may end.
process.channel?.unref();

async function answer(probe: unknown): Promise<void> {
  // What one collection lets go of may hold what only the next one finds.
  for (let times = 0; times < 5; times++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  process.send?.({ probe, probed: probed() });
}

function probed(): Probed {
  const { arrayBuffers, external, heapUsed, rss } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  return { heapUsed, external, arrayBuffers, rss, files: filesOpen(), resources };
}

/** As Linux tells it; elsewhere 0. */
function filesOpen(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}
