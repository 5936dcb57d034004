import type { Engine } from "../engine/engine.ts";
import { Gate, type Weight } from "../engine/gate.ts";
import { payloadBytesOf } from "./payload-bytes.ts";
import type { Call } from "./service.ts";
import type { Services } from "./services.ts";

/** What may wait for its turn, in commits of the largest size. */
const COMMITS_WAITING = 5;
/**
 * Calls at once that each need the database for themselves, by gate. Together they leave connections of a pool of ten to
 * the writes of workers, which are never kept waiting for them.
 */
const SENDS_AT_ONCE = 5;
const OTHERS_AT_ONCE = 3;

/** Starts are committed together: the more wait, the better. */
const STARTS = new Set(["startWorkflow"]);
/** What brings work beside. */
const SENDS = new Set(["startWorkflows", "rerunWorkflow", "retryWorkflow", "sendEvent", "triggerWorkflowSchedule"]);
/** What costs the database nothing, or next to nothing, for as long as it lasts. */
const OPEN = new Set(["waitWorkflow", "healthCheck", "getServerInfo"]);

type Unary = (request: object, call: Call) => Promise<unknown>;

/**
 * The services with gates before them, so that more than the server can do costs those who ask for it a wait, and nobody
 * else anything. What brings work and what operators do have gates of their own: a flood of one does not keep out the other.
 * Workers have none, because what they say is what makes the load less.
 */
export function withAdmission(services: Services, { context }: Pick<Engine, "context">): Services {
  const { config, env } = context;
  const room = { env, items: COMMITS_WAITING * config.commitItems, bytes: COMMITS_WAITING * config.commitBytes };
  const starts = new Gate({ ...room, atOnce: Number.POSITIVE_INFINITY });
  const sends = new Gate({ ...room, atOnce: SENDS_AT_ONCE });
  const others = new Gate({ ...room, atOnce: OTHERS_AT_ONCE });
  const gateOf = (name: string) => (STARTS.has(name) ? starts : SENDS.has(name) ? sends : others);
  const gated = <Service extends object>(service: Service): Service =>
    Object.fromEntries(
      Object.entries(service).map(([name, method]: [string, Unary]) => {
        if (OPEN.has(name)) return [name, method];
        const gate = gateOf(name);
        const call: Unary = (request, about) =>
          gate.pass(weightOf(request), about.signal, () => method(request, about));
        return [name, call];
      }),
    ) as Service;
  return {
    workflow: gated(services.workflow),
    worker: services.worker,
    admin: gated(services.admin),
    namespace: gated(services.namespace),
    schedule: gated(services.schedule),
    event: gated(services.event),
    apiKey: gated(services.apiKey),
  };
}

/** A call counts as one, or as many as it starts; what people put into it counts by its size. */
function weightOf(request: object): Weight {
  const starts: unknown = Reflect.get(request, "workflows");
  const all: readonly object[] = Array.isArray(starts) ? starts : [request];
  return { items: Math.max(1, all.length), bytes: all.reduce((bytes, each) => bytes + payloadBytesOf(each), 0) };
}
