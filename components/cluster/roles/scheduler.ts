import type { Node } from "../../api/mod.ts";
import type {
  Extender,
  Scheduler,
  SchedulerConfiguration,
  UserPlugin,
} from "../../scheduler/mod.ts";
import type { SchedulerServing } from "../scheduler_server.ts";
import { lazyRole, type Role, type RoleOptions } from "./role.ts";

export interface SchedulerRoleOptions extends RoleOptions {
  readonly configuration?: SchedulerConfiguration;
  readonly plugins?: readonly UserPlugin[];
  readonly leftOverMilliseconds?: number;
  readonly extenders?: readonly Extender[];
  /** Told of whole nodes. */
  readonly onNode?: (name: string, node: Node | undefined) => void;
  /** Opens the HTTPS port with the scheduler; elsewhere it is opened apart, since it outlives leadership. */
  readonly serving?: SchedulerServing;
  /** Told of the scheduler when it runs, and of its end. */
  readonly running?: (scheduler: Scheduler | undefined) => void;
}

/** kube-scheduler over a connection. */
export function schedulerRole(options: SchedulerRoleOptions): Role {
  return lazyRole("kube-scheduler", () => startRole(options));
}

async function startRole(options: SchedulerRoleOptions): Promise<Role> {
  const { connection, running, serving, ...rest } = options;
  const { defaultConfiguration, openCore, startScheduler } = await import(
    "../../scheduler/mod.ts"
  );
  const configuration = options.configuration ?? defaultConfiguration();
  const scheduler = startScheduler({
    ...rest,
    client: connection.client,
    core: openCore(),
    configuration,
  });
  running?.(scheduler);
  const server = serving === undefined
    ? undefined
    : await openServer(options, serving, configuration, scheduler);
  return {
    name: "kube-scheduler",
    ready: scheduler.ready,
    async end() {
      running?.(undefined);
      await server?.close();
      await scheduler.end();
    },
  };
}

/** In one process with the cluster a port is a convenience: without it pods are scheduled all the same. */
async function openServer(
  options: SchedulerRoleOptions,
  serving: SchedulerServing,
  configuration: SchedulerConfiguration,
  scheduler: Scheduler,
) {
  const { SchedulerServer } = await import("../scheduler_server.ts");
  try {
    return await SchedulerServer.open(options, serving, configuration, () => scheduler);
  } catch (error) {
    options.logger.warn("the scheduler's port is not open", { error: String(error) });
    return undefined;
  }
}
