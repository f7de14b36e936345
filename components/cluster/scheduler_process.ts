import type { Node } from "../api/mod.ts";
import { parseDuration } from "../base/mod.ts";
import {
  ConfigurationError,
  defaultConfiguration,
  HttpExtender,
  type LoadedPlugins,
  loadPlugins,
  readConfiguration,
  type Scheduler,
  type SchedulerConfiguration,
} from "../scheduler/mod.ts";
import {
  type ElectionOptions,
  perhapsElected,
  roleOptions,
  type RoleProcessOptions,
} from "./role_process.ts";
import { extenderFetch } from "./extender_fetch.ts";
import type { Role, RoleOptions } from "./roles/role.ts";
import { schedulerRole } from "./roles/scheduler.ts";
import { SchedulerServer } from "./scheduler_server.ts";
import { StartError } from "./start_error.ts";

/** What kube-scheduler's flags of these names say. */
export interface SchedulerFlags {
  /** A file with a KubeSchedulerConfiguration. */
  readonly config?: string;
  readonly bindAddress?: string;
  /** 0 opens none. */
  readonly securePort?: number;
  readonly tlsCertFile?: string;
  readonly tlsPrivateKeyFile?: string;
  /** A duration as Go writes it. */
  readonly podMaxInUnschedulablePodsDuration?: string;
  readonly leaderElect?: boolean;
  /** Modules with plugins of the user's own. */
  readonly plugins?: readonly string[];
}

const SECURE_PORT = 10259;

/** kube-scheduler alone, with its HTTPS port. Rejects with `StartError` for what the user can mend. */
export async function startSchedulerProcess(
  options: RoleProcessOptions & Pick<ElectionOptions, "lost"> & { readonly flags?: SchedulerFlags },
): Promise<Role> {
  const { flags = {}, lost } = options;
  const configuration = await configurationOf(flags);
  const role = await roleOptions(options, "scheduler");
  const own = await ownPlugins(flags.plugins ?? [], role);
  const { leaderElection } = configuration;
  const leaderElect = flags.leaderElect ?? leaderElection.leaderElect;
  const leftOver = flags.podMaxInUnschedulablePodsDuration;
  let current: Scheduler | undefined;
  const nodes = new Map<string, Node>();
  const extenders = await Promise.all(
    configuration.extenders.map(async (extender) =>
      new HttpExtender({
        configuration: extender,
        fetch: await extenderFetch(extender, role.clock),
        clock: role.clock,
        nodeOf: (name) => nodes.get(name),
        podOf: (uid) => current?.podOf(uid),
      })
    ),
  );
  // Whole nodes take much memory: they are kept where somebody has to be shown them.
  const shown = configuration.extenders.some(({ nodeCacheCapable }) => nodeCacheCapable !== true);
  const onNode = (name: string, node: Node | undefined) => {
    own.onNode(name, node);
    if (!shown) return;
    if (node === undefined) nodes.delete(name);
    else nodes.set(name, node);
  };
  const port = flags.securePort ?? SECURE_PORT;
  const server = port === 0 ? undefined : await openServer();
  const start = () =>
    schedulerRole({
      ...role,
      configuration,
      plugins: own.plugins,
      extenders,
      ...(own.plugins.length === 0 && !shown ? {} : { onNode }),
      running: (scheduler) => current = scheduler,
      ...(leftOver === undefined ? {} : { leftOverMilliseconds: durationOf(leftOver) }),
    });
  const seconds = (text: string) => parseDuration(text) / 1000;
  const running = perhapsElected(
    leaderElection.resourceName,
    role,
    { leaderElect, lost },
    start,
    {
      namespace: leaderElection.resourceNamespace,
      leaseSeconds: seconds(leaderElection.leaseDuration),
      renewDeadlineSeconds: seconds(leaderElection.renewDeadline),
      retrySeconds: seconds(leaderElection.retryPeriod),
    },
  );
  return {
    name: running.name,
    ready: running.ready,
    async end() {
      await running.end();
      await server?.close();
      own.end();
    },
  };

  async function openServer(): Promise<SchedulerServer> {
    const { tlsCertFile, tlsPrivateKeyFile } = flags;
    const host = flags.bindAddress ?? "0.0.0.0";
    const credential = tlsCertFile === undefined || tlsPrivateKeyFile === undefined
      ? undefined
      : { certificate: await readText(tlsCertFile), key: await readText(tlsPrivateKeyFile) };
    try {
      return await SchedulerServer.open(
        role,
        { host, port, ...(credential === undefined ? {} : { credential }) },
        configuration,
        () => current,
      );
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new StartError(
        `failed to create listener: failed to listen on ${host}:${port}: ${why}`,
      );
    }
  }
}

async function configurationOf({ config }: SchedulerFlags): Promise<SchedulerConfiguration> {
  if (config === undefined) return defaultConfiguration();
  try {
    return readConfiguration(await readText(config));
  } catch (error) {
    if (error instanceof ConfigurationError) throw new StartError(error.message);
    throw error;
  }
}

async function ownPlugins(files: readonly string[], role: RoleOptions): Promise<LoadedPlugins> {
  try {
    return await loadPlugins(files, role.clock, role.logger);
  } catch (error) {
    if (error instanceof ConfigurationError) throw new StartError(error.message);
    throw error;
  }
}

function durationOf(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new StartError((error as Error).message);
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const isAbsent = error instanceof Deno.errors.NotFound;
    const why = isAbsent ? "no such file or directory" : String(error);
    throw new StartError(`open ${path}: ${why}`);
  }
}
