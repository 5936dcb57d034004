import { describe, expect, it } from "vitest";
import { type CommandResult, kagzi } from "./cli.ts";
import { ENGINES } from "./engines.ts";
import { useEngine } from "./fixture.ts";

const [, open] = ENGINES.find(([name]) => name === "a server on SQLite") ?? expect.fail("no server");

describe("kagzi namespace", () => {
  const f = useEngine(open);

  function namespace(...words: readonly string[]): Promise<CommandResult> {
    return kagzi("namespace", ...words, "--url", "url" in f.engine.at ? f.engine.at.url : "");
  }

  it("makes, shows, describes, disables, enables and lists namespaces", async () => {
    const done = [
      await namespace("create", "team-a", "--description", "the A team"),
      await namespace("update", "team-a", "--description", "A"),
      await namespace("disable", "team-a"),
      await namespace("get", "team-a"),
      await namespace("list"),
      await namespace("enable", "team-a"),
    ];
    expect(done.map(({ code, output }) => [code, output])).toEqual([
      [0, "team-a  enabled   the A team\n"],
      [0, "team-a  enabled   A\n"],
      [0, "team-a  disabled  A\n"],
      [0, "team-a  disabled  A\n"],
      [0, "default  enabled   Where everything goes that names no other namespace.\nteam-a   disabled  A\n"],
      [0, "team-a  enabled   A\n"],
    ]);
    const { output } = await namespace("list", "-o", "json");
    expect(JSON.parse(output)).toMatchObject([{ name: "default" }, { name: "team-a", enabled: true }]);
  }, 20_000);

  it("says what is wrong, by its exit code too", async () => {
    expect(await namespace("get", "nowhere")).toMatchObject({ code: 3, output: expect.stringContaining("nowhere") });
    expect(await namespace("create", "default")).toMatchObject({ code: 4 });
    expect(await namespace("create", "No Spaces")).toMatchObject({ code: 2 });
    expect(await namespace("update", "default")).toMatchObject({ code: 2 });
  }, 20_000);
});
