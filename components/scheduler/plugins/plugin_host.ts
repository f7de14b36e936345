import { type Clock, type Logger, sleep, type Timer } from "../../base/mod.ts";
import type { Node } from "../../api/mod.ts";
import type { UserPluginContext } from "../scheduler_options.ts";
import type { FromPlugin, PluginAnswer, PluginDescription, ToPlugin } from "./plugin_message.ts";

/** A plugin that has not answered by then has failed the pod that it was asked about. */
export const ANSWER_MAXIMUM_MILLISECONDS = 5_000;
/** A worker that does not answer a ping either is stuck. */
const PING_MAXIMUM_MILLISECONDS = 500;
const LOAD_MAXIMUM_MILLISECONDS = 30_000;
/**
 * A worker that never comes back from its module's code cannot be ended by the runtime: it keeps a thread busy as long
 * as the process lives. So a module gets so many workers, and after that every question is refused.
 */
const WORKERS_MAXIMUM = 3;
/** Questions that wait for one worker; more are refused. */
const PENDING_MAXIMUM = 1_000;

const GIVEN_UP = `it has been stuck ${WORKERS_MAXIMUM} times and is given up`;

type Question = Extract<ToPlugin, { op: "ask" }>;
type Asked = Omit<Question, "op" | "call">;

interface Pending {
  readonly message: Question;
  timer: Timer;
  resolve(answer: PluginAnswer): void;
  reject(error: Error): void;
}

/** One module of the user's own in a worker that is ended and started again when it is stuck. */
export class PluginHost {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #pending = new Map<number, Pending>();
  readonly #nodes = new Map<string, Node>();
  readonly #contexts = new Map<string, UserPluginContext>();
  readonly #pings = new Map<number, () => void>();
  readonly #abort = new AbortController();
  #worker: Worker;
  #loaded = Promise.withResolvers<PluginDescription>();
  /** Whether questions are sent; those that come before are sent when the module is loaded. */
  #isReady = true;
  #next = 1;
  #workers = 1;
  #isGivenUp = false;

  private constructor(url: string, clock: Clock, logger: Logger) {
    this.#url = url;
    this.#clock = clock;
    this.#logger = logger;
    this.#worker = this.#spawn();
  }

  /** Rejects where the module cannot be loaded. */
  static async load(
    url: string,
    clock: Clock,
    logger: Logger,
  ): Promise<{ readonly host: PluginHost; readonly description: PluginDescription }> {
    const host = new PluginHost(url, clock, logger);
    const timer = clock.after(LOAD_MAXIMUM_MILLISECONDS, () => {
      host.#loaded.reject(new Error("it was not loaded in time"));
    });
    try {
      return { host, description: await host.#loaded.promise };
    } catch (error) {
      host.end();
      throw error;
    } finally {
      timer.cancel();
    }
  }

  /** Makes the plugin for one profile. */
  create(context: UserPluginContext): void {
    this.#contexts.set(context.profile, context);
    this.#send({ op: "create", profile: context.profile, args: context.args });
  }

  putNode(name: string, node: Node | undefined): void {
    if (node === undefined) this.#nodes.delete(name);
    else this.#nodes.set(name, node);
    this.#send({ op: "node", name, node });
  }

  /** Rejects for what the plugin throws, and when it has not answered in time. */
  ask(asked: Asked): Promise<PluginAnswer> {
    if (this.#isGivenUp) return Promise.reject(new Error(GIVEN_UP));
    if (this.#pending.size >= PENDING_MAXIMUM) {
      return Promise.reject(new Error("too many questions are waiting for it"));
    }
    const message: Question = { op: "ask", call: this.#next++, ...asked };
    const { promise, resolve, reject } = Promise.withResolvers<PluginAnswer>();
    this.#pending.set(message.call, { message, timer: this.#limit(message.call), resolve, reject });
    if (this.#isReady) this.#send(message);
    return promise;
  }

  end(): void {
    this.#abort.abort(new Error("the scheduler ends"));
    this.#worker.terminate();
    for (const { reject, timer } of this.#pending.values()) {
      timer.cancel();
      reject(new Error("the scheduler ends"));
    }
    this.#pending.clear();
  }

  #limit(call: number): Timer {
    return this.#clock.after(ANSWER_MAXIMUM_MILLISECONDS, () => this.#late(call));
  }

  /** One that waits for something is left to it; one that is stuck takes its worker with it, but nobody else's pod. */
  #late(call: number): void {
    this.#settle(call)?.reject(
      new Error(`it did not answer within ${ANSWER_MAXIMUM_MILLISECONDS / 1000} s`),
    );
    const ping = this.#next++;
    const timer = this.#clock.after(PING_MAXIMUM_MILLISECONDS, () => {
      if (this.#pings.delete(ping)) this.#restart();
    });
    this.#pings.set(ping, () => timer.cancel());
    this.#send({ op: "ping", call: ping });
  }

  #restart(): void {
    if (this.#abort.signal.aborted) return;
    this.#logger.warn("a plugin's worker is stuck and is started again", { module: this.#url });
    this.#worker.terminate();
    if (++this.#workers > WORKERS_MAXIMUM) return this.#giveUp();
    for (const cancel of this.#pings.values()) cancel();
    this.#pings.clear();
    this.#loaded = Promise.withResolvers();
    this.#loaded.promise.catch(() => {});
    this.#worker = this.#spawn();
    this.#isReady = false;
    for (const [name, node] of this.#nodes) this.#send({ op: "node", name, node });
    for (const pending of this.#pending.values()) {
      pending.timer.cancel();
      pending.timer = this.#limit(pending.message.call);
    }
    // What it does not know before it is loaded is asked when it is.
    const worker = this.#worker;
    void this.#loaded.promise.then(() => {
      if (worker !== this.#worker) return;
      this.#isReady = true;
      for (const { args, profile } of this.#contexts.values()) {
        this.#send({ op: "create", profile, args });
      }
      for (const { message } of this.#pending.values()) this.#send(message);
    }).catch(() => {});
  }

  #giveUp(): void {
    this.#isGivenUp = true;
    this.#logger.error("a plugin is given up", { module: this.#url });
    for (const { reject, timer } of this.#pending.values()) {
      timer.cancel();
      reject(new Error(GIVEN_UP));
    }
    this.#pending.clear();
  }

  #spawn(): Worker {
    const worker = new Worker(new URL("./plugin_worker.ts", import.meta.url), {
      type: "module",
      name: `scheduler-plugin ${this.#url}`,
    });
    worker.onmessage = ({ data }: MessageEvent<FromPlugin>) => {
      if (worker === this.#worker) this.#heard(data);
    };
    worker.onerror = (event) => {
      // Else it would end this process too.
      event.preventDefault();
      if (worker !== this.#worker) return;
      this.#loaded.reject(new Error(event.message));
      this.#logger.error("a plugin's worker failed", { module: this.#url, error: event.message });
      void sleep(this.#clock, PING_MAXIMUM_MILLISECONDS, this.#abort.signal)
        .then(() => worker === this.#worker && this.#restart(), () => {});
    };
    worker.postMessage({ op: "load", url: this.#url } satisfies ToPlugin);
    return worker;
  }

  #heard(message: FromPlugin): void {
    switch (message.event) {
      case "loaded":
        return this.#loaded.resolve(message.description);
      case "failed":
        this.#logger.error("a plugin failed", { module: this.#url, error: message.message });
        return this.#loaded.reject(new Error(message.message));
      case "answer":
        this.#pings.get(message.call)?.();
        this.#pings.delete(message.call);
        return this.#settle(message.call)?.resolve(message.answer);
      case "wrong":
        return this.#settle(message.call)?.reject(new Error(message.message));
      case "allow":
        return this.#contexts.get(message.profile)?.allow(String(message.uid));
      case "reject":
        return this.#contexts.get(message.profile)
          ?.reject(String(message.uid), String(message.reason));
      case "activate":
        return this.#contexts.get(message.profile)?.activate(String(message.key));
    }
  }

  #settle(call: number): Pending | undefined {
    const pending = this.#pending.get(call);
    pending?.timer.cancel();
    this.#pending.delete(call);
    return pending;
  }

  #send(message: ToPlugin): void {
    this.#worker.postMessage(message);
  }
}
