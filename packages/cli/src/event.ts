import { toJson } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Event, EventSchema } from "@kagzi/proto";
import type { Command } from "commander";
import { systemRuntime } from "kagzi/wire";
import { group, withExamples } from "./examples.ts";
import { type InputFlags, readInput, withInput } from "./input.ts";
import { type ListView, type Output, hint, said, timeCell } from "./output.ts";
import { type PageFlags, listSome, withPages } from "./pages.ts";
import { payloadText } from "./payloads.ts";
import { type ServerFlags, inNamespace, inSession, showFound } from "./session.ts";
import type { Surroundings } from "./surroundings.ts";
import { dateOf, timeGiven } from "./times.ts";

type ListFlags = ServerFlags & PageFlags & { readonly name?: string; readonly since?: string; readonly until?: string };

/** The commands about events. */
export function addEvent(kagzi: Command, cli: Surroundings): void {
  const event = group(kagzi, "event", "send events, and look at what became of them");
  addSend(event, cli);
  addList(event, cli);
}

/** An id for an event that is sent without one: made here, so that it is known whatever becomes of the answer. */
export function newEventId(): string {
  return systemRuntime.newId();
}

function addSend(event: Command, cli: Surroundings): void {
  const command = inNamespace(withInput(event.command("send <event>"), "the payload"))
    .description("send an event to the namespace: it starts runs, and goes to those that wait for it")
    .option("--id <id>", "of the event: with the same one it is sent once")
    .option("--key <key>", "what a wait may ask for beside the name");
  withExamples(
    command,
    `kagzi event send approved -i '{"by": "Ada"}' --key order-123`,
    "kagzi event send order.created -P customer=c-1 --id order-123",
  ).action((name: string, flags: ServerFlags & InputFlags & { id?: string; key?: string }) =>
    inSession(cli, flags, async (session) => {
      const { id = newEventId(), key } = flags;
      const payload = await readInput(cli, flags);
      const sent = await session.client.send(name, payload, { id, ...(key !== undefined && { key }) });
      const { alreadyExists, startedRunIds } = sent;
      const started = startedRunIds.length === 0 ? "" : `; it started ${startedRunIds.join(", ")}`;
      const sentence = alreadyExists
        ? `event ${id} was sent before; nothing was changed`
        : `sent event ${name} with id ${id}${started}`;
      said(session.output, sentence, { json: { eventId: id, alreadyExists, startedRunIds: [...startedRunIds] }, id });
    }),
  );
}

function addList(event: Command, cli: Surroundings): void {
  const command = inNamespace(withPages(event.command("list")))
    .description("list the events of the namespace, the newest first; those to one run are not among them")
    .option("--name <name>", "with this name")
    .option("--since <time>", "sent since then: 2026-01-31T09:00:00Z, or 90m for the last 90 minutes")
    .option("--until <time>", "sent before then");
  withExamples(command, "kagzi event list --since 1h", "kagzi event list --name approved -o jsonl").action(
    (flags: ListFlags) =>
      inSession(cli, flags, async (session) => {
        const { ask, connection, namespaceId, output } = session;
        const { name, since, until } = flags;
        const filter = {
          namespaceId,
          ...(name !== undefined && { name }),
          ...(since !== undefined && { sentAfter: timestampFromDate(timeGiven("--since", since, cli.now())) }),
          ...(until !== undefined && { sentBefore: timestampFromDate(timeGiven("--until", until, cli.now())) }),
        };
        const { next, rows } = await listSome(flags, async (page) => {
          const answer = await ask((options) => connection.events.listEvents({ ...filter, page }, options));
          return [answer.events, answer.page];
        });
        await showFound(session, rows, eventsView(output));
        if (next !== undefined) hint(output, `there are more: --limit shows more of them, --cursor ${next} goes on`);
      }),
  );
}

function eventsView(output: Output): ListView<Event> {
  return {
    columns: [
      { title: "EVENT", cell: ({ name }) => name, narrow: "cut" },
      { title: "ID", cell: ({ eventId }) => eventId },
      { title: "KEY", cell: ({ key }) => key, narrow: 3 },
      { title: "SENT", cell: ({ sentAt }) => timeCell(output, dateOf(sentAt)), narrow: 1 },
      { title: "STARTED", cell: ({ startedRunIds }) => String(startedRunIds.length), narrow: 4 },
      { title: "TAKEN", cell: ({ takenCount }) => String(takenCount), narrow: 2 },
      { title: "PAYLOAD", cell: ({ payload }) => payloadText(payload), narrow: "cut" },
    ],
    json: (event) => toJson(EventSchema, event),
    id: ({ eventId }) => eventId,
    none: "no events; kagzi event send NAME sends one",
  };
}
