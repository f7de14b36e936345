import type { Logger } from "./logger.ts";

/** Ends a process or cluster in order: what was added last is ended first, and one failure stops none. */
export class Shutdown {
  readonly #steps: { name: string; end: () => void | Promise<void> }[] = [];
  readonly #abort = new AbortController();
  #ending: Promise<void> | undefined;

  constructor(readonly logger: Logger) {}

  /** Aborts as soon as the end begins. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  add(name: string, end: () => void | Promise<void>): void {
    this.#steps.push({ name, end });
  }

  /** Runs every step once, last added first; later calls wait for the same end. */
  end(): Promise<void> {
    return this.#ending ??= this.#run();
  }

  async #run(): Promise<void> {
    this.#abort.abort();
    for (const { name, end } of this.#steps.reverse()) {
      try {
        await end();
      } catch (error) {
        this.logger.error("shutdown step failed", { step: name, error });
      }
    }
  }
}
