import { workflow } from "kagzi";
import { beforeEach, describe, expect, it } from "vitest";
import { type Outcome, type World, command } from "./cli.ts";
import { ENGINES } from "./engines.ts";
import { reaches, useEngine } from "./fixture.ts";

const [, open] = ENGINES.find(([name]) => name === "a server on SQLite") ?? expect.fail("no server");

const naps = workflow("naps", async (ctx) => ctx.sleep("nap", "1d"));

describe("what is done to many runs", () => {
  const f = useEngine(open);
  let env: Readonly<Record<string, string>>;

  beforeEach(() => {
    env = { KAGZI_URL: "url" in f.engine.at ? f.engine.at.url : "", NO_COLOR: "1" };
  });

  function run(words: readonly string[], world: World = {}): Promise<Outcome> {
    return command(["run", ...words], { env, ...world });
  }

  async function start(name: string, count: number): Promise<readonly string[]> {
    const items = Array.from({ length: count }, (_, input) => ({ input }));
    const runs = await f.client.startMany(name, items);
    return runs.map(({ id }) => id);
  }

  async function count(...words: readonly string[]): Promise<number> {
    const { stdout } = await run(["list", "-o", "id", "--limit", "1000", ...words]);
    return stdout === "" ? 0 : stdout.trim().split("\n").length;
  }

  it("is done to what a filter lets through, and to nothing else", async () => {
    await start("a", 12);
    await start("b", 3);
    const { code, stderr, stdout } = await run(["cancel", "--workflow", "a", "-y", "-o", "id"]);
    expect([code, stderr]).toEqual([0, "12 runs match\n"]);
    expect(new Set(stdout.trim().split("\n")).size).toBe(12);
    expect([await count("--status", "cancelled"), await count("-w", "b", "--status", "pending")]).toEqual([12, 3]);
    const deleted = await run(["delete", "--status", "cancelled", "--yes", "-o", "json"]);
    expect(JSON.parse(deleted.stdout)).toHaveLength(12);
    expect(await count()).toBe(3);
    expect(await run(["delete", "--all", "-y"])).toMatchObject({ code: 0, stderr: "no runs match\n", stdout: "" });
  });

  it("says how many there are, and asks on a terminal", async () => {
    await start("a", 2);
    const refused = await run(["cancel", "--all"], { columns: 80, stdin: "n\n" });
    expect(refused).toMatchObject({ code: 0, stderr: "2 runs match\ncancel 2 runs? [y/N] nothing was done\n" });
    expect(await count("--status", "pending")).toBe(2);
    const agreed = await run(["cancel", "--all"], { columns: 80, stdin: "y\n" });
    expect(agreed.code).toBe(0);
    expect(agreed.stdout.match(/^cancelled run /gmu)).toHaveLength(2);
    expect(await count("--status", "cancelled")).toBe(2);
  });

  it("is agreed to by its number where there are many", async () => {
    await start("a", 101);
    expect((await run(["terminate", "--all"], { columns: 80, stdin: "y\n" })).stderr).toContain("nothing was done");
    expect(await count("--status", "pending")).toBe(101);
    const { stderr } = await run(["terminate", "--all"], { columns: 80, stdin: "101\n" });
    expect(stderr).toContain("type 101 to terminate them: ");
    expect(await count("--status", "cancelled")).toBe(101);
  });

  it("needs -y where there is nobody to ask", async () => {
    await start("a", 1);
    const { code, stderr } = await run(["cancel", "--all"]);
    expect([code, stderr]).toEqual([2, "1 run matches\nkagzi: there is no terminal to ask: give -y to cancel them\n"]);
    expect(await count("--status", "pending")).toBe(1);
  });

  it("is not done where the question is interrupted", async () => {
    await start("a", 1);
    const controller = new AbortController();
    controller.abort();
    expect(
      await run(["cancel", "--all"], { columns: 80, stdin: "y\n", interruption: controller.signal }),
    ).toMatchObject({ code: 130 });
    expect(await count("--status", "pending")).toBe(1);
  });

  it("goes on after one that it cannot be done to, and tells so by its exit code", async () => {
    await f.work([naps]);
    const sleeping = await f.client.start(naps, undefined);
    await reaches(sleeping, "sleeping");
    const [waiting = ""] = await start("a", 1);
    const { code, stderr, stdout } = await run(["retry", sleeping.id, waiting]);
    expect([code, stdout]).toEqual([4, ""]);
    expect(stderr).toContain(sleeping.id);
    expect(stderr).toContain(waiting);
    const paused = await run(["pause", sleeping.id, waiting, "-o", "jsonl"]);
    expect(paused.code).toBe(0);
    expect(paused.stdout.trim().split("\n")).toHaveLength(2);
    expect(await run(["pause", sleeping.id, "--all"])).toMatchObject({ code: 2 });
    expect((await run(["resume", "--status", "paused", "-y"])).stdout.match(/^resumed run /gmu)).toHaveLength(2);
  });

  it("lists page by page, and goes on from a cursor", async () => {
    const ids = await start("a", 7);
    const first = await run(["list", "--limit", "3", "-o", "id"], { columns: 80 });
    const [, cursor = ""] = /--cursor (\S+)/u.exec(first.stderr) ?? [];
    const rest = await run(["list", "--cursor", cursor, "-o", "id"]);
    expect([...first.stdout.trim().split("\n"), ...rest.stdout.trim().split("\n")].toSorted()).toEqual(ids.toSorted());
    expect(rest.stderr).toBe("");
  });

  it("lists those of a time", async () => {
    await start("a", 2);
    expect(await count("--since", "1h")).toBe(2);
    expect(await count("--until", "1h")).toBe(0);
    expect(await count("--since", "2030-01-01")).toBe(0);
    expect(await count("--until", "2130-01-01T00:00:00Z")).toBe(2);
  });
});
