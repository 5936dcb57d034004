import { type Client, Code, ConnectError, type Interceptor, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import {
  AdminService,
  ApiKeyService,
  EventService,
  NamespaceService,
  WorkflowScheduleService,
  WorkflowService,
} from "@kagzi/proto";
import { BASE_URL } from "../app/base.ts";
import { CSRF_HEADER, sessionIsOver } from "./session.ts";

/** How long a call may take before the dashboard says that the server does not answer. */
const TIMEOUT_MS = 20_000;

/** Shows that a page of ours makes the call, and notices when its session is over. */
const authorize: Interceptor = (next) => async (request) => {
  request.header.set(CSRF_HEADER, "1");
  try {
    return await next(request);
  } catch (error) {
    if (ConnectError.from(error).code === Code.Unauthenticated) sessionIsOver();
    throw error;
  }
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
  readonly apiKeys: Client<typeof ApiKeyService>;
} = {
  workflows: createClient(WorkflowService, transport),
  admin: createClient(AdminService, transport),
  namespaces: createClient(NamespaceService, transport),
  schedules: createClient(WorkflowScheduleService, transport),
  events: createClient(EventService, transport),
  apiKeys: createClient(ApiKeyService, transport),
};
