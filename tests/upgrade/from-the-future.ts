import {
  type DescMessage,
  type DescMethod,
  type DescService,
  type Message,
  type MessageInitShape,
  create,
  fromBinary,
  toBinary,
} from "@bufbuild/protobuf";
import {
  AdminService,
  EventService,
  NamespaceService,
  WorkerService,
  WorkflowScheduleService,
  WorkflowService,
} from "@kagzi/proto";
import type { Connection } from "kagzi";

const SERVICES: Readonly<Record<string, DescService>> = {
  workflows: WorkflowService,
  workers: WorkerService,
  namespaces: NamespaceService,
  admin: AdminService,
  events: EventService,
  schedules: WorkflowScheduleService,
};

/** What becomes of each message on its way; `method` is its call's local name. */
export type OnTheWay = (message: Message, method: string) => void;

type Call = (request: unknown, options?: unknown) => unknown;

/** A connection over which every message goes as bytes, in both directions, after `change` had it. */
export function connectionWith(connection: Connection, change: OnTheWay): Connection {
  const services = Object.entries(SERVICES).map(([key, desc]) => {
    const service = Reflect.get(connection, key) as Readonly<Record<string, Call>>;
    const methods = desc.methods.map((method) => [method.localName, through(method, service, change)] as const);
    return [key, Object.fromEntries(methods)] as const;
  });
  return { ...connection, ...Object.fromEntries(services) };
}

function through(method: DescMethod, service: Readonly<Record<string, Call>>, change: OnTheWay): Call {
  const name = method.localName;
  const sent = (desc: DescMessage) => (init: unknown) => {
    const message = create(desc, init as MessageInitShape<DescMessage>);
    change(message, name);
    return fromBinary(desc, toBinary(desc, message));
  };
  const [asked, answered] = [sent(method.input), sent(method.output)];
  if (method.methodKind === "unary") {
    return async (request, options) => answered(await service[name]?.(asked(request), options));
  }
  return (requests, options) =>
    each(service[name]?.(each(requests as AsyncIterable<unknown>, asked), options) as AsyncIterable<unknown>, answered);
}

async function* each(from: AsyncIterable<unknown>, change: (message: unknown) => unknown) {
  for await (const message of from) yield change(message);
}

/** Adds a field that nobody knows to a message and to all that are in it; answers with how many there were. */
export function addUnknownFields(message: unknown): number {
  if (typeof message !== "object" || message === null || message instanceof Uint8Array) return 0;
  const isMessage = "$typeName" in message;
  if (isMessage) Object.assign(message, { $unknown: [{ no: 5000, wireType: 0, data: new Uint8Array([1]) }] });
  const inside = Object.entries(message).filter(([key]) => !key.startsWith("$"));
  return inside.reduce((count, [, value]) => count + addUnknownFields(value), isMessage ? 1 : 0);
}
