import type { Probed } from "@kagzi/test-support";
import { describe, expect, it } from "vitest";
import { grown } from "./compare.ts";
import type { Sample } from "./system.ts";

const MIB = 1024 * 1024;
const PROBED: Probed = {
  heapUsed: 20 * MIB,
  external: 0,
  arrayBuffers: MIB,
  rss: 90 * MIB,
  files: 30,
  resources: { Timeout: 3 },
};

function sample(server: Partial<Probed> = {}, database: Partial<Sample["database"]> = {}): Sample {
  return {
    seconds: 1,
    runs: 1,
    processes: { server: { ...PROBED, ...server }, worker: PROBED, client: PROBED },
    database: { bytes: 4 * MIB, rows: 0, deadRows: 0, connections: 10, ...database },
    loaded: { load: 1, completed: 1, failed: 0, wrong: [], p50: 1, p99: 1, p99ByKind: {}, seconds: 1 },
  };
}

describe("two looks at a soak", () => {
  it("are alike where what comes and goes has come or gone", () => {
    const later = sample({ heapUsed: 24 * MIB, files: 32, resources: { Timeout: 5, Immediate: 1 } });
    expect(grown(sample(), later)).toEqual([]);
    expect(grown(later, sample())).toEqual([]);
  });

  it.each([
    ["heap", sample({ heapUsed: 25 * MIB })],
    ["buffers", sample({ arrayBuffers: 6 * MIB })],
    ["files", sample({ files: 35 })],
    ["timers", sample({ resources: { Timeout: 8 } })],
    ["handles of another kind", sample({ resources: { Timeout: 3, TCPSocketWrap: 5 } })],
    ["tables", sample({}, { bytes: 6 * MIB })],
    ["connections", sample({}, { connections: 15 })],
  ])("show what has leaked: %s", (_, later) => {
    expect(grown(sample(), later)).toHaveLength(1);
  });
});
