import { Backoff, type Clock, type Logger } from "../base/mod.ts";
import type { FromWorker, ToWorker, WorkerConfig } from "./worker_message.ts";

const RESTART = { initialMilliseconds: 500, maximumMilliseconds: 10_000 };
/** A worker that has not ended its roles by then is ended as it is. */
const END_TIMEOUT_MILLISECONDS = 10_000;

/** The worker with the other roles, started again when it fails. */
export class WorkerRoles {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #backoff = new Backoff(RESTART);
  readonly #ready = Promise.withResolvers<void>();
  /** What keeps the roles from their work; undefined while they do it. */
  #problem: string | undefined = "not started";
  #worker: Worker;
  #config: WorkerConfig | undefined;
  #ending: PromiseWithResolvers<void> | undefined;

  /** Loads the code at once, so that it is there when there is a server to talk to. */
  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
    this.#ready.promise.catch(() => {});
    this.#worker = this.#spawn();
  }

  /** Resolves when every role does its work for the first time. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** What is wrong with the roles now; undefined where nothing is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  start(config: WorkerConfig): void {
    this.#config = config;
    this.#send({ op: "start", config });
  }

  async end(): Promise<void> {
    if (this.#ending === undefined) {
      this.#ending = Promise.withResolvers();
      this.#send({ op: "end" });
      const timer = this.#clock.after(END_TIMEOUT_MILLISECONDS, () => {
        this.#logger.warn("the worker did not end in time");
        this.#ending?.resolve();
      });
      void this.#ending.promise.then(() => timer.cancel());
    }
    await this.#ending.promise;
    this.#worker.terminate();
  }

  #spawn(): Worker {
    const worker = new Worker(new URL("./roles_worker.ts", import.meta.url), {
      type: "module",
      name: "control-plane-roles",
    });
    worker.onmessage = (event: MessageEvent<string>) => {
      this.#heard(JSON.parse(event.data) as FromWorker);
    };
    worker.onerror = (event) => {
      // Else it would end this process too, and with it the API server.
      event.preventDefault();
      if (worker === this.#worker) this.#failed(event.message);
    };
    return worker;
  }

  #heard(message: FromWorker): void {
    switch (message.event) {
      case "ready":
        this.#backoff.forget("worker");
        this.#problem = undefined;
        this.#ready.resolve();
        break;
      case "failed":
        this.#failed(message.message);
        break;
      case "ended":
        this.#ending?.resolve();
    }
  }

  #failed(message: string): void {
    if (this.#ending !== undefined) return this.#ending.resolve();
    this.#logger.error("the worker failed", { message });
    this.#problem = message;
    this.#worker.terminate();
    this.#clock.after(this.#backoff.fail("worker"), () => {
      if (this.#ending !== undefined) return;
      this.#worker = this.#spawn();
      if (this.#config !== undefined) this.start(this.#config);
    });
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(JSON.stringify(message));
  }
}
