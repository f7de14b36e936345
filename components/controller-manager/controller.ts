import type { BackoffPolicy, Clock, Logger, Random } from "../base/mod.ts";
import type { Client } from "../client/mod.ts";
import { ControlLoop, EventRecorder } from "../reconcile/mod.ts";
import type { Informers } from "./informers.ts";
import type { ControllerManagerOptions } from "./options.ts";

/** What a controller is given. */
export interface ControllerContext {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly informers: Informers;
  readonly options: ControllerManagerOptions;
  /** Aborts when the manager ends. */
  readonly signal: AbortSignal;
}

/** A controller that runs. */
export interface Running {
  end(): Promise<void>;
}

/** One entry of the list. `start` answers undefined where the options leave it nothing to do. */
export interface Controller {
  /** Upstream's name, as `--controllers` takes it. */
  readonly name: string;
  /** Older names for the same. */
  readonly aliases?: readonly string[];
  start(context: ControllerContext): Running | undefined;
}

export interface LoopOptions {
  readonly name: string;
  /** Keys wait until these caches are filled. */
  readonly needs: readonly { synced(): Promise<void> }[];
  readonly workers?: number;
  readonly retry?: BackoffPolicy;
  reconcile(key: string): Promise<number | void>;
}

/** A control loop whose workers begin when the caches it reads are filled. */
export function runLoop(context: ControllerContext, options: LoopOptions): ControlLoop {
  const loop = new ControlLoop({
    name: options.name,
    clock: context.clock,
    logger: context.logger,
    workers: options.workers ?? 1,
    ...(options.retry === undefined ? {} : { retry: options.retry }),
    reconcile: options.reconcile,
  });
  Promise.all(options.needs.map((informer) => informer.synced())).then(
    () => context.signal.aborted || loop.start(),
    () => {},
  );
  return loop;
}

/** Several things that run, as one. */
export function together(...parts: readonly Running[]): Running {
  return { end: () => Promise.all(parts.map((part) => part.end())).then(() => {}) };
}

/** Runs `task` every `period`, after the caches are filled; never twice at once. */
export function runEvery(
  context: ControllerContext,
  name: string,
  milliseconds: number,
  needs: readonly { synced(): Promise<void> }[],
  task: () => Promise<void>,
): Running {
  const loop = runLoop(context, {
    name,
    needs,
    reconcile: async () => {
      try {
        await task();
      } catch (error) {
        context.logger.error("periodic task failed", { loop: name, error });
      }
      return milliseconds;
    },
  });
  loop.queue.add(name);
  return loop;
}

/** Events in the name of one controller. */
export function recorderOf(context: ControllerContext, component: string): EventRecorder {
  const { client, clock, random, logger } = context;
  return new EventRecorder({ client, clock, random, logger, component });
}
