import { describe, expect, it } from "vitest";
import { type Outcome, command } from "./cli.ts";
import { ENGINES } from "./engines.ts";
import { useEngine } from "./fixture.ts";

const [, open] = ENGINES.find(([name]) => name === "a server on SQLite") ?? expect.fail("no server");

describe("kagzi namespace", () => {
  const f = useEngine(open);

  function namespace(...words: readonly string[]): Promise<Outcome> {
    return command(["namespace", ...words, "--url", "url" in f.engine.at ? f.engine.at.url : ""]);
  }

  it("makes, shows, describes, disables, enables and lists namespaces", async () => {
    const done = [
      await namespace("create", "team-a", "--description", "the A team"),
      await namespace("update", "team-a", "--description", "A"),
      await namespace("disable", "team-a"),
      await namespace("list", "-o", "id"),
      await namespace("enable", "team-a"),
    ];
    expect(done.map(({ code, stdout }) => [code, stdout])).toEqual([
      [0, "made namespace team-a\n"],
      [0, "changed namespace team-a\n"],
      [0, "disabled namespace team-a\n"],
      [0, "default\nteam-a\n"],
      [0, "enabled namespace team-a\n"],
    ]);
    const { stdout } = await namespace("show", "team-a", "-o", "json");
    expect(JSON.parse(stdout)).toMatchObject({ namespaceId: "team-a", description: "A", enabled: true });
  });

  it("says what is wrong, by its exit code too", async () => {
    expect(await namespace("show", "nowhere")).toMatchObject({ code: 3, stderr: expect.stringContaining("nowhere") });
    expect(await namespace("create", "default")).toMatchObject({ code: 4 });
    expect(await namespace("create", "No Spaces")).toMatchObject({ code: 2 });
    expect(await namespace("update", "default")).toMatchObject({ code: 2 });
  });
});
