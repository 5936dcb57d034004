import { type Client, type Interceptor, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { AdminService, EventService, NamespaceService, WorkflowScheduleService, WorkflowService } from "@kagzi/proto";
import { BASE_URL } from "../app/base.ts";
import { readKey } from "./key.ts";

/** How long a call may take before the dashboard says that the server does not answer. */
const TIMEOUT_MS = 20_000;

const authorize: Interceptor = (next) => (request) => {
  const key = readKey();
  if (key !== undefined) request.header.set("authorization", `Bearer ${key}`);
  return next(request);
};

const transport = createConnectTransport({
  baseUrl: BASE_URL.replace(/\/$/u, ""),
  useBinaryFormat: true,
  defaultTimeoutMs: TIMEOUT_MS,
  interceptors: [authorize],
});

/** The services of the server that this page came from. */
export const api: {
  readonly workflows: Client<typeof WorkflowService>;
  readonly admin: Client<typeof AdminService>;
  readonly namespaces: Client<typeof NamespaceService>;
  readonly schedules: Client<typeof WorkflowScheduleService>;
  readonly events: Client<typeof EventService>;
} = {
  workflows: createClient(WorkflowService, transport),
  admin: createClient(AdminService, transport),
  namespaces: createClient(NamespaceService, transport),
  schedules: createClient(WorkflowScheduleService, transport),
  events: createClient(EventService, transport),
};
