import { type DescMethod, type DescService, type MessageInitShape, create } from "@bufbuild/protobuf";
import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import {
  AdminService,
  EventService,
  NamespaceService,
  WorkerService,
  WorkflowScheduleService,
  WorkflowService,
} from "@kagzi/proto";
import { type Services, toConnectError } from "@kagzi/server";
import type { Connection } from "kagzi";
import type { Chance } from "./chance.ts";
import { describeAnswer } from "./describe.ts";
import type { Faults } from "./faults.ts";
import { SimulatedStream, type Streaming } from "./stream.ts";
import type { Life, Process, World } from "./world.ts";

/** A server as the network sees it. */
export interface Host {
  readonly process: Process;
  /** Absent while it is down or takes no more calls. */
  services: Services | undefined;
}

export type Init = MessageInitShape<DescMethod["input"]>;
type Answer = MessageInitShape<DescMethod["output"]>;
type Unary = (request: unknown, call: { readonly signal: AbortSignal }) => Promise<Answer>;

/** A method of a service of a server. */
export interface Target {
  readonly service: keyof Services;
  readonly method: DescMethod;
}

/** A connection of which nothing is heard is given up for lost after so long. */
const NOTICED_MS = { least: 50, most: 8000 };

/** Between processes: each message takes its time, and may come late, twice, or not at all. */
export class Network {
  readonly world: World;
  readonly faults: Faults;
  readonly chance: Chance;
  readonly hosts: Host[] = [];
  readonly streams = new Set<SimulatedStream>();
  readonly #leaseMs: number;
  /** Between whom nothing gets through, and until when. */
  readonly #cuts = new Map<string, number>();
  readonly #listening = new Set<() => void>();
  calls = 0;

  constructor(world: World, faults: Faults, leaseMs: number) {
    this.world = world;
    this.faults = faults;
    this.#leaseMs = leaseMs;
    this.chance = world.chance.fork();
  }

  /** The way of a process to the servers: each call goes to any of them, as behind a load balancer. */
  connect(caller: Life): Connection {
    const client = <Desc extends DescService>(desc: Desc, service: keyof Services) =>
      Object.fromEntries(
        desc.methods.map((method) => [method.localName, this.#method(caller, { service, method })]),
      ) as unknown;
    return {
      workflows: client(WorkflowService, "workflow"),
      workers: client(WorkerService, "worker"),
      namespaces: client(NamespaceService, "namespace"),
      admin: client(AdminService, "admin"),
      events: client(EventService, "event"),
      schedules: client(WorkflowScheduleService, "schedule"),
      target: "the simulated servers",
      close: () => {},
    } as Connection;
  }

  /** Calls `run` when a caller gives up. Answers with a way to forget it. */
  onAbort(signal: AbortSignal | undefined, run: () => void): () => void {
    if (signal === undefined) return () => {};
    const forget = () => {
      signal.removeEventListener("abort", run);
      this.#listening.delete(forget);
    };
    signal.addEventListener("abort", run, { once: true });
    this.#listening.add(forget);
    return forget;
  }

  /** Node keeps signals that somebody listens to, and with them the whole world. */
  close(): void {
    for (const forget of this.#listening) forget();
  }

  /** Nothing gets through between two processes until then. */
  cut(one: Process, other: Process, until: number): void {
    this.#cuts.set(linkOf(one, other), until);
  }

  /** Until when the link is cut; a time that is past if it is not. */
  cutUntil(one: Process, other: Process): number {
    return this.#cuts.get(linkOf(one, other)) ?? 0;
  }

  latency(): number {
    return this.faults.happens("message slow") ? this.chance.between(20, 2000) : this.chance.between(0.1, 3);
  }

  /** How long it takes until somebody notices that a connection is dead: at once where the other side says so. */
  noticed(): number {
    return this.faults.areOver || this.chance.happens(0.6)
      ? this.chance.between(0.1, 5)
      : this.chance.between(NOTICED_MS.least, NOTICED_MS.most);
  }

  pickHost(): Host {
    const up = this.hosts.filter(({ process, services }) => process.isUp && services !== undefined);
    return this.chance.pick(up.length > 0 && this.chance.happens(0.9) ? up : this.hosts);
  }

  #method(caller: Life, target: Target) {
    const { method } = target;
    if (method.methodKind === "unary") {
      return (request: Init, options?: CallOptions) =>
        this.#unary(caller, target, create(method.input, request), options);
    }
    return (requests: AsyncIterable<Init>, options?: CallOptions) => {
      const stream = new SimulatedStream(this, caller, target);
      return stream.open(requests, options?.signal);
    };
  }

  #unary(caller: Life, target: Target, request: unknown, options: CallOptions | undefined): Promise<unknown> {
    this.calls += 1;
    return new Promise((resolve, reject) => {
      if (!caller.isOn) return;
      const call = new UnaryCall({ network: this, caller, resolve, reject });
      call.watch(options);
      this.#send(call, target, request);
    });
  }

  #send(call: UnaryCall, target: Target, request: unknown): void {
    const { chance, faults, world } = this;
    const host = this.pickHost();
    const name = target.method.localName;
    if (target.service === "worker" && faults.happens("worker killed at a message")) return call.caller.process.lose();
    if (this.cutUntil(call.caller.process, host.process) > world.now || faults.happens("request lost")) {
      return call.fail(this.noticed(), "the request was lost");
    }
    const isTwice = faults.happens("request made twice");
    const late = faults.happens("request late beyond the lease") ? chance.between(1, 3) * this.#leaseMs : 0;
    if (late > 0) call.fail(this.noticed(), "the connection was lost");
    this.#deliver(call, { host, target, request, at: world.now + late + this.latency() });
    if (isTwice) {
      const again = { host: chance.happens(0.5) ? host : this.pickHost(), target, request };
      this.#deliver(call, { ...again, at: world.now + this.latency() + chance.between(0, 50) });
    }
    world.note(call.caller.process.name, `calls ${name} of ${host.process.name}`);
  }

  #deliver(
    call: UnaryCall,
    {
      at,
      host,
      request,
      target,
    }: { readonly at: number; readonly host: Host; readonly request: unknown; readonly target: Target },
  ): void {
    const { method, service } = target;
    const refused = () => call.fail(this.latency(), "the connection was refused");
    const arrive = () => {
      const { process, services } = host;
      if (services === undefined) return refused();
      const life = process.present();
      const gone = new AbortController();
      const noticesLoss = call.onGone(() => life.in(this.noticed(), "caller gone", () => gone.abort()));
      const forget = process.onLoss(() => call.fail(this.noticed(), "the server was lost"));
      const done = (what: string, settle: () => void) => {
        if (!life.isOn) return;
        forget();
        noticesLoss();
        const isLost =
          this.cutUntil(call.caller.process, process) > this.world.now || this.faults.happens("answer lost");
        if (isLost) return call.fail(this.noticed(), "the answer was lost");
        call.settle(this.latency(), `${method.localName} ${what}`, settle);
      };
      const handler = Reflect.get(services[service], method.localName) as Unary;
      const answer = async () => {
        done(...(await outcomeOf(handler(request, { signal: gone.signal }), call, method)));
      };
      void answer();
    };
    host.process.reach(at, method.localName, arrive, refused);
  }
}

/** What a handler came to, and how to tell its caller. */
async function outcomeOf(
  answered: Promise<Answer>,
  call: UnaryCall,
  method: DescMethod,
): Promise<readonly [string, () => void]> {
  try {
    const message = create(method.output, await answered);
    return [describeAnswer(message), () => call.resolve(message)];
  } catch (error) {
    const failure = toConnectError(error);
    return [`failed: ${failure.rawMessage}`, () => call.reject(failure)];
  }
}

function linkOf(one: Process, other: Process): string {
  return one.name < other.name ? `${one.name} ${other.name}` : `${other.name} ${one.name}`;
}

/** One call, as its caller sees it: it ends once, whatever happens on the way. */
class UnaryCall {
  readonly #network: Network;
  readonly caller: Life;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
  #isSettled = false;
  readonly #onGone = new Set<() => void>();
  readonly #forget: () => void;

  constructor(parts: {
    readonly network: Network;
    readonly caller: Life;
    readonly resolve: (answer: unknown) => void;
    readonly reject: (error: unknown) => void;
  }) {
    this.#network = parts.network;
    this.caller = parts.caller;
    this.resolve = (answer) => this.#end(() => parts.resolve(answer));
    this.reject = (error) => this.#end(() => parts.reject(error));
    this.#forget = this.caller.process.onLoss(() => this.#gone());
  }

  /** Gives up when its time is over, or when its caller does. */
  watch({ signal, timeoutMs }: CallOptions = {}): void {
    const giveUp = (code: Code, message: string) => {
      this.#gone();
      this.reject(new ConnectError(message, code));
    };
    if (timeoutMs !== undefined) {
      const cancel = this.caller.timer(timeoutMs, () => giveUp(Code.DeadlineExceeded, "the operation timed out"));
      this.#onEnd.add(cancel);
    }
    if (signal?.aborted === true) giveUp(Code.Canceled, "the call was given up");
    this.#onEnd.add(this.#network.onAbort(signal, () => giveUp(Code.Canceled, "the call was given up")));
  }

  readonly #onEnd = new Set<() => void>();

  /** Calls `run` when the caller is gone before the call is done. */
  onGone(run: () => void): () => void {
    this.#onGone.add(run);
    return () => this.#onGone.delete(run);
  }

  settle(ms: number, what: string, settle: () => void): void {
    if (!this.#isSettled) this.caller.in(ms, what, settle);
  }

  fail(ms: number, message: string): void {
    this.settle(ms, `call failed: ${message}`, () => this.reject(new ConnectError(message, Code.Unavailable)));
  }

  #gone(): void {
    for (const run of this.#onGone) run();
    this.#onGone.clear();
  }

  #end(settle: () => void): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#forget();
    for (const run of this.#onEnd) run();
    settle();
  }
}

export type { Streaming };
