import type { Clock, Timer } from "../../base/mod.ts";
import { SUCCESS, unschedulable, type Verdict } from "../framework/mod.ts";

/** Permit waits no longer than this, whatever a plugin asks for. */
export const PERMIT_MAXIMUM_MILLISECONDS = 15 * 60_000;

interface Waiting {
  /** The plugins that have yet to allow it, each with its end. */
  readonly pending: Map<string, Timer>;
  resolve(outcome: PermitOutcome): void;
}

export interface PermitOutcome {
  readonly verdict: Verdict;
  /** Who rejected it. */
  readonly plugin: string;
}

/** Pods that have a node and wait until plugins allow it. */
export class WaitingPods {
  readonly #clock: Clock;
  readonly #pods = new Map<string, Waiting>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#pods.size;
  }

  has(uid: string): boolean {
    return this.#pods.has(uid);
  }

  /** Resolves when every one of the plugins has allowed the pod, or one rejects it or waits no longer. */
  wait(uid: string, timeouts: ReadonlyMap<string, number>): Promise<PermitOutcome> {
    const { promise, resolve } = Promise.withResolvers<PermitOutcome>();
    const pending = new Map<string, Timer>();
    this.#pods.set(uid, { pending, resolve });
    for (const [plugin, asked] of timeouts) {
      const milliseconds = Math.min(Math.max(0, asked), PERMIT_MAXIMUM_MILLISECONDS);
      const why = `rejected due to timeout after waiting ${
        seconds(milliseconds)
      } at plugin ${plugin}`;
      pending.set(plugin, this.#clock.after(milliseconds, () => this.reject(uid, plugin, why)));
    }
    return promise;
  }

  /** One plugin has nothing against it any more. */
  allow(uid: string, plugin: string): void {
    const waiting = this.#pods.get(uid);
    waiting?.pending.get(plugin)?.cancel();
    waiting?.pending.delete(plugin);
    if (waiting !== undefined && waiting.pending.size === 0) {
      this.#end(uid, waiting, { verdict: SUCCESS, plugin });
    }
  }

  /** Whether the pod was waiting. */
  reject(uid: string, plugin: string, reason: string): boolean {
    const waiting = this.#pods.get(uid);
    if (waiting === undefined) return false;
    this.#end(uid, waiting, { verdict: unschedulable(reason), plugin });
    return true;
  }

  close(): void {
    for (const uid of [...this.#pods.keys()]) this.reject(uid, "", "the scheduler ends");
  }

  #end(uid: string, waiting: Waiting, outcome: PermitOutcome): void {
    for (const timer of waiting.pending.values()) timer.cancel();
    this.#pods.delete(uid);
    waiting.resolve(outcome);
  }
}

function seconds(milliseconds: number): string {
  const whole = Math.floor(milliseconds / 1000);
  const minutes = Math.floor(whole / 60);
  return minutes === 0 ? `${milliseconds / 1000}s` : `${minutes}m${whole % 60}s`;
}
