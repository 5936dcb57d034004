import { type Worker, workflow } from "kagzi";
import { beforeEach, describe, expect, it } from "vitest";
import { command, wordsOf } from "./cli.ts";
import { ENGINES } from "./engines.ts";
import { reaches, useEngine } from "./fixture.ts";

const [, open] = ENGINES.find(([name]) => name === "a server on SQLite") ?? expect.fail("no server");

const hello = workflow("hello", async (ctx, input: { name: string }) => ctx.step("greet", () => `Hello ${input.name}`));
const order = workflow("order", { version: "2", concurrency: { limit: 5, key: "customer" } }, async (ctx) => {
  await ctx.step("reserve", { limit: "payments" }, () => "reserved");
  return ctx.waitForEvent("approved", { key: "order-1" });
});
const report = workflow("report", async (ctx) => {
  await ctx.step("load", () => 42);
  await ctx.step("send the report to everyone who asked for it", { retries: 0 }, () => {
    throw new RangeError("\u001B[31mout of paper\u001B[0m\nin the second tray");
  });
});
const naps = workflow("naps", async (ctx) => ctx.sleep("nap", "1d"));

/** As a person sees it, on a terminal that is narrow, and as a script does. */
const VIEWS = { wide: { columns: 160 }, narrow: { columns: 60 }, script: {} } as const;

// What a command writes, byte for byte, but for ids and times. `vitest -u` writes the files anew: read what changed.
describe("the output of kagzi", { timeout: 120_000 }, () => {
  // A worker is online whatever else the machine is busy with.
  const f = useEngine(() => open({ config: { leaseMs: 60_000 } }));
  let worker: Worker;
  let env: Readonly<Record<string, string>>;

  beforeEach(async () => {
    env = { KAGZI_URL: "url" in f.engine.at ? f.engine.at.url : "", NO_COLOR: "1" };
    worker = await f.work([hello, order, report, naps], {
      limits: { payments: { concurrency: 5, throttle: { limit: 10, per: "1m" } } },
      hostname: "host-1",
      labels: { zone: "a" },
      concurrency: 4,
    });
    const done = await f.client.start(hello, { name: "Ada" }, { id: "hello-1" });
    await done.result({ timeout: "20s" });
    const failed = await f.client.start(report, undefined);
    await reaches(failed, "failed");
    const waits = await f.client.start(order, { customer: "日本語" } as never, { id: "order-1", priority: 5 });
    await reaches(waits, "waiting");
    await f.client.start(naps, undefined).then((run) => reaches(run, "sleeping"));
    await f.client.schedules.create("nightly", { workflow: hello, cron: "0 3 * * *", input: { name: "Ada" } });
    await f.client.schedules.create("often", { workflow: hello, every: "90m", input: { name: "Bob" } });
    await f.client.schedules.create("once", { workflow: hello, at: new Date("2037-01-01"), input: { name: "Eve" } });
    // So that the next time does not depend on the day.
    for (const id of ["nightly", "often"]) await f.client.schedules.pause(id);
    await f.client.send("created", { total: 12 }, { id: "event-1", key: "order-1" });
    await f.client.namespaces.create("team-a", { description: "the A team" });
    await f.client.namespaces.disable("team-a");
  });

  /** A command and what it wrote, as in a terminal. */
  async function transcript(line: string, world: Parameters<typeof command>[1]): Promise<string> {
    // Some minutes later, so that all of it was minutes ago.
    const now = () => Date.now() + 300_000;
    const { code, stderr, stdout } = await command(wordsOf(line).slice(1), { env, now, ...world });
    return `$ ${line}\n${replaced(stdout)}${stderr === "" ? "" : `--- stderr\n${replaced(stderr)}`}--- exit ${code}\n\n`;
  }

  async function transcripts(lines: readonly string[], world: Parameters<typeof command>[1]): Promise<string> {
    const all: string[] = [];
    for (const line of lines) all.push(await transcript(line, world));
    return all.join("");
  }

  const SHOWN = [
    "kagzi run list",
    "kagzi run list --status failed,sleeping",
    "kagzi run list --workflow nobody",
    "kagzi run show hello-1",
    "kagzi run show latest:report",
    "kagzi run show order-1",
    "kagzi run result hello-1",
    "kagzi run result latest:report",
    "kagzi run explain order-1",
    "kagzi workflow list",
    "kagzi workflow show order",
    "kagzi workflow limits order",
    "kagzi schedule list",
    "kagzi schedule show nightly",
    "kagzi worker list",
    "kagzi worker show latest",
    "kagzi limit show payments",
    "kagzi event list",
    "kagzi namespace list",
    "kagzi namespace show team-a",
  ];

  it.each(Object.entries(VIEWS))("is always the same: %s", async (name, world) => {
    // How a table of steps is cut depends on how long they took: tests of the table itself show it.
    const lines = name === "narrow" ? SHOWN.filter((line) => !/report|order-1/u.test(line)) : SHOWN;
    await expect(await transcripts(lines, world)).toMatchFileSnapshot(`golden/${name}.txt`);
    expect(await tooLong(world)).toEqual([]);
  });

  /** Lines of tables that are longer than the terminal. */
  async function tooLong(world: Parameters<typeof command>[1] & { readonly columns?: number }) {
    if (world.columns === undefined) return [];
    const { columns } = world;
    const all: string[] = [];
    for (const line of SHOWN.filter((each) => / list\b/u.test(each))) {
      const { stdout } = await command(wordsOf(line).slice(1), { env, ...world });
      all.push(...stdout.split("\n").filter((each) => each.length > columns));
    }
    return all;
  }

  it("is the JSON of the contract", async () => {
    const lines = SHOWN.map((line) => `${line} -o json`);
    await expect(await transcripts(lines, {})).toMatchFileSnapshot("golden/json.txt");
  });

  it("is the ids alone, or a line of JSON for each", async () => {
    const lists = SHOWN.filter((line) => line.endsWith(" list"));
    const lines = lists.flatMap((line) => [`${line} -o id`, `${line} -o jsonl`]);
    await expect(await transcripts(lines, {})).toMatchFileSnapshot("golden/lines.txt");
  });

  it("says what was done, to which id", async () => {
    // Nobody who works changes in between what is spoken of.
    await worker.stop();
    const lines = [
      "kagzi run start hello -P name=Bob --id hello-2",
      "kagzi run start hello -P name=Bob --id hello-2",
      "kagzi run pause order-1",
      "kagzi run resume order-1",
      "kagzi run cancel order-1 --reason 'customer called'",
      "kagzi run cancel hello-1",
      "kagzi run retry latest:report",
      "kagzi run terminate latest:report",
      "kagzi run rerun hello-1 --id hello-3",
      "kagzi run send latest:naps hurry --id event-9",
      "kagzi run delete hello-1",
      'kagzi event send approved -i \'{"by": "Ada"}\' --id event-2',
      'kagzi event send approved -i \'{"by": "Ada"}\' --id event-2',
      "kagzi workflow default hello 1",
      "kagzi workflow default hello --reset",
      "kagzi workflow limits hello --concurrency 2 --key name",
      "kagzi workflow limits hello --none",
      "kagzi workflow limits hello --reset",
      "kagzi limit set payments --throttle 3/1h",
      "kagzi limit set payments --reset",
      "kagzi schedule create daily --workflow hello --at 2037-01-01T00:00:00Z",
      "kagzi schedule update daily --every 1d",
      "kagzi schedule pause daily",
      "kagzi schedule resume daily",
      "kagzi schedule trigger daily",
      "kagzi schedule delete daily",
      "kagzi namespace create team-b --description B",
      "kagzi namespace update team-b --description 'the B team'",
      "kagzi namespace disable team-b",
      "kagzi namespace enable team-b",
    ];
    await expect(await transcripts(lines, {})).toMatchFileSnapshot("golden/done.txt");
  });

  it("says what is wrong, and what to do", async () => {
    const lines = [
      "kagzi runs",
      "kagzi run lst",
      "kagzi run show",
      "kagzi run show 0190",
      "kagzi run show latest:nobody",
      "kagzi run list --status faild",
      "kagzi run list --since yesterday",
      "kagzi run list -o yaml",
      "kagzi run list --limit 0",
      "kagzi run list --url nonsense",
      "kagzi run list --profile production",
      "kagzi run list -n nowhere",
      "kagzi run start hello -i '{name}'",
      "kagzi run start hello -i @missing.json",
      "kagzi run start hello -i [] -P a=b",
      "kagzi run start hello -P a",
      "kagzi run start hello --timeout 5s",
      "kagzi run start hello --delay soon",
      "kagzi run start hello --priority high",
      "kagzi run start hello -P name=Eve --id hello-1",
      "kagzi run cancel",
      "kagzi run cancel --status completed --all",
      "kagzi run cancel hello-1 --all",
      "kagzi run cancel --workflow naps",
      "kagzi run retry hello-1",
      "kagzi run delete latest:naps",
      "kagzi run rerun hello-1 --from-step nothing",
      "kagzi run result latest:naps --timeout 1ms",
      "kagzi workflow show nobody",
      "kagzi workflow default hello",
      "kagzi workflow default hello 9",
      "kagzi workflow limits hello --concurrency 0",
      "kagzi workflow limits hello --throttle 10",
      "kagzi limit show nothing",
      "kagzi limit set payments",
      "kagzi schedule show weekly",
      "kagzi schedule create weekly --workflow hello",
      "kagzi schedule create weekly --workflow hello --cron '0 3 * * *' --every 1h",
      "kagzi schedule create weekly --workflow hello --cron 'nonsense'",
      "kagzi schedule create weekly --workflow hello --at tomorrow",
      "kagzi schedule create weekly --workflow hello --every 1h --overlap sometimes",
      "kagzi schedule update nightly",
      "kagzi schedule next",
      "kagzi worker show 0190",
      "kagzi worker list --status gone",
      "kagzi namespace show nowhere",
      "kagzi namespace create default",
      "kagzi config set colour blue",
      "kagzi config set url nonsense",
      "kagzi config use production",
      "kagzi db status",
      "kagzi db status --db sqlite:./missing.db",
      "kagzi db migrate --db mysql://user:secret@host/database",
      "kagzi completion powershell",
    ];
    await expect(await transcripts(lines, {})).toMatchFileSnapshot("golden/wrong.txt");
  });
});

/** What differs from one time to the next is replaced by what it is, and columns are not as wide as that made them. */
function replaced(text: string): string {
  return (
    text
      .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gu, "<id>")
      .replaceAll(/\b202\d-\d\d-\d\dT[\d:.]+Z/gu, "<time>")
      .replaceAll(/http:\/\/127\.0\.0\.1:\d+/gu, "<url>")
      .replaceAll(/(host-1:|process |"pid":\s?)\d+/gu, "$1<pid>")
      .replaceAll(/("stack":\s?)"(?:[^"\\]|\\.)*"/gu, '$1"<stack>"')
      .replaceAll(/(<time>|\ttook|\t(?:completed|failed|waiting)\t\d+)\t\d+(?=\t|$)/gmu, "$1\t<ms>")
      .replaceAll(/^took\t\d+$/gmu, "took\t<ms>")
      .replaceAll(/\b(?:[5-9]m(?: \d+s)?|\d+(?:ms|s))(?=\s|,|$)(?! ago)/gmu, "<span>")
      // What a worker has done comes with its next heartbeat.
      .replaceAll(/ *"(?:total(?:Completed|Failed)|activeCount)":\s?"?\d+"?,\n?/gu, "")
      .replaceAll(/\b\d(?=\/4\b| of 4 taken)/gu, "<n>")
      .replaceAll(/\d+ completed, \d+ failed/gu, "<n> completed, <n> failed")
      .replaceAll(/\b\d+[smhd] ago/gu, "<ago>")
      .replaceAll(/\bin \d+d\b/gu, "in <days>")
      .replaceAll(/(?<=\S) {2,}/gu, "  ")
      .replaceAll(/ +$/gmu, "")
  );
}
