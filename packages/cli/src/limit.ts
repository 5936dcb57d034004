import { toJson } from "@bufbuild/protobuf";
import { type GetStepLimitResponse, GetStepLimitResponseSchema } from "@kagzi/proto";
import type { Command } from "commander";
import { group, withExamples } from "./examples.ts";
import { type LimitFlags, limitsGiven, limitsText, withLimits } from "./limits.ts";
import { type RecordView, said, showRecord } from "./output.ts";
import { type ServerFlags, type Session, inNamespace, inSession } from "./session.ts";
import type { Surroundings } from "./surroundings.ts";

/** The commands about named limits, of which steps hold slots. */
export function addLimit(kagzi: Command, cli: Surroundings): void {
  const limit = group(kagzi, "limit", "look at the named limits of steps, and change them");
  const show = inNamespace(limit.command("show <limit>")).description(
    "show a limit, the steps that hold a slot of it, and how many wait",
  );
  withExamples(show, "kagzi limit show payments", "kagzi limit show payments -o json").action(
    (name: string, flags: ServerFlags) =>
      inSession(cli, flags, async (session) => {
        showRecord(session.output, recordOf(name, await limitNamed(session, name)));
      }),
  );
  const set = withLimits(inNamespace(limit.command("set <limit>"))).description(
    "change a limit while it is in use, whatever the code says; steps that run go on",
  );
  withExamples(
    set,
    "kagzi limit set payments --concurrency 2 --throttle 10/1m",
    "kagzi limit set payments --reset",
  ).action((name: string, flags: ServerFlags & LimitFlags) =>
    inSession(cli, flags, async (session) => {
      await session.client.limits.set(name, limitsGiven(flags));
      const answer = await limitNamed(session, name);
      const now = limitsText(answer.override ?? answer.declared) ?? "no limits";
      const whose = answer.override === undefined ? ", as its code says" : "";
      said(session.output, `limit ${name}: ${now}${whose}`, recordOf(name, answer));
    }),
  );
}

/** @throws KagziError `NOT_FOUND` for a limit that no worker has declared */
function limitNamed({ ask, connection, namespaceId }: Session, name: string): Promise<GetStepLimitResponse> {
  return ask((options) => connection.admin.getStepLimit({ namespaceId, name }, options));
}

function recordOf(name: string, answer: GetStepLimitResponse): RecordView {
  return {
    fields: [
      ["limit", name],
      ["set", limitsText(answer.override)],
      ["in the code", limitsText(answer.declared)],
      ["holders", answer.holders.map(({ runId, step }) => `run ${runId}, step ${step}`).join("\n") || "none"],
      ["waiting", String(answer.waiting)],
    ],
    json: toJson(GetStepLimitResponseSchema, answer),
    id: name,
  };
}
