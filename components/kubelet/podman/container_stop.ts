import type { Clock, Timer } from "../../base/mod.ts";

export interface StopActions {
  /** Sends a signal; false when the container is not running. */
  signal(containerId: string, signal: number): Promise<boolean>;
  stopSignal(containerId: string): Promise<number>;
  /** Resolves once it has ended or is gone. */
  ended(containerId: string): Promise<void>;
}

interface Stopping {
  readonly done: Promise<void>;
  /** On the monotonic clock. */
  deadline: number;
  /** Kills at the deadline; none when killing was the first thing done. */
  timer: Timer | undefined;
}

const SIGKILL = 9;

/** Stops containers: signal, grace, kill. Calls for one container share one stop, and the shortest grace counts. */
export class ContainerStops {
  readonly #actions: StopActions;
  readonly #clock: Clock;
  readonly #stopping = new Map<string, Stopping>();

  constructor(actions: StopActions, clock: Clock) {
    this.#actions = actions;
    this.#clock = clock;
  }

  stop(containerId: string, graceSeconds: number): Promise<void> {
    const deadline = this.#clock.monotonic() + graceSeconds * 1000;
    const running = this.#stopping.get(containerId);
    if (running !== undefined) {
      if (deadline < running.deadline) {
        running.timer?.cancel();
        running.deadline = deadline;
        running.timer = this.#killAt(containerId, deadline);
      }
      return running.done;
    }
    const done = this.#stop(containerId, graceSeconds)
      .finally(() => {
        this.#stopping.get(containerId)?.timer?.cancel();
        this.#stopping.delete(containerId);
      });
    this.#stopping.set(containerId, {
      done,
      deadline,
      timer: graceSeconds > 0 ? this.#killAt(containerId, deadline) : undefined,
    });
    return done;
  }

  async #stop(containerId: string, graceSeconds: number): Promise<void> {
    const { signal, stopSignal, ended } = this.#actions;
    const first = graceSeconds > 0 ? await stopSignal(containerId) : SIGKILL;
    if (await signal(containerId, first)) await ended(containerId);
  }

  #killAt(containerId: string, deadline: number): Timer {
    const delay = Math.max(0, deadline - this.#clock.monotonic());
    return this.#clock.after(delay, () => {
      this.#actions.signal(containerId, SIGKILL).catch(() => {
        // Podman does not answer: again, until the container has ended.
        const running = this.#stopping.get(containerId);
        if (running === undefined) return;
        running.timer = this.#killAt(containerId, this.#clock.monotonic() + 1_000);
      });
    });
  }
}
