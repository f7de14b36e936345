import { badRequest } from "../base/mod.ts";
import type { Controller, ControllerContext, Running } from "./controller.ts";
import { CONTROLLERS } from "./controllers.ts";
import { Informers } from "./informers.ts";
import type { ControllerManagerOptions } from "./options.ts";

/** A controller manager that runs. */
export interface ControllerManager {
  /** Names of the controllers that have started. */
  readonly controllers: readonly string[];
  /** Stops taking keys, waits for those in hand, and closes the watches. */
  end(): Promise<void>;
}

/** The controllers that a list as `--controllers` takes it turns on. Throws for a name that nobody has. */
export function chooseControllers(
  wanted: readonly string[] = ["*"],
  all: readonly Controller[] = CONTROLLERS,
): Controller[] {
  const names = (controller: Controller) => [controller.name, ...controller.aliases ?? []];
  for (const entry of wanted) {
    const name = entry.startsWith("-") ? entry.slice(1) : entry;
    if (name !== "*" && !all.some((controller) => names(controller).includes(name))) {
      throw badRequest(`${JSON.stringify(entry)} is not in the list of known controllers`);
    }
  }
  return all.filter((controller) => {
    const mine = names(controller);
    if (mine.some((name) => wanted.includes(`-${name}`))) return false;
    return wanted.includes("*") || mine.some((name) => wanted.includes(name));
  });
}

/**
 * Starts the controllers over one set of shared informers. It only talks to the API server through `client`, and may
 * start before the server is up. Run it under leader election where several may run.
 */
export function startControllerManager(options: ControllerManagerOptions): ControllerManager {
  const abort = new AbortController();
  const { client, clock, random } = options;
  const logger = options.logger.with({ component: "controller-manager" });
  const signal = abort.signal;
  const informers = new Informers({ client, clock, logger, signal });
  const context: ControllerContext = {
    client,
    clock,
    random,
    logger,
    informers,
    options,
    signal,
  };
  const running: { name: string; run: Running }[] = [];
  for (const controller of chooseControllers(options.controllers)) {
    const run = controller.start({
      ...context,
      client: options.clientFor?.(controller.name) ?? client,
    });
    if (run !== undefined) running.push({ name: controller.name, run });
  }
  return {
    controllers: running.map(({ name }) => name),
    end: async () => {
      const ends = running.map(({ run }) => run.end());
      abort.abort(new Error("controller manager ends"));
      await Promise.all(ends);
    },
  };
}
