/**
 * The control plane's second isolate: everything but the API server, so that both of a small machine's cores work.
 * It only talks to the API server, over sockets, as the roles would from another machine.
 */
import {
  type Logger,
  MetricRegistry,
  Shutdown,
  silentLogger,
  systemClock,
  systemRandom,
} from "../base/mod.ts";
import { openPki } from "../pki/mod.ts";
import { connectSocket } from "./connection.ts";
import { ComponentLogs } from "./log_file.ts";
import { controllerManagerRole } from "./roles/controller_manager.ts";
import { hollowNodesRole } from "./roles/hollow_nodes.ts";
import type { Role } from "./roles/role.ts";
import { schedulerRole } from "./roles/scheduler.ts";
import type { FromWorker, ToWorker, WorkerConfig } from "./worker_message.ts";

/** kube-scheduler's, where no other cluster of this machine has it. */
const SCHEDULER_PORT = 10259;
const clock = systemClock;
const random = systemRandom;
let shutdown: Shutdown | undefined;

const tell = (message: FromWorker) => self.postMessage(JSON.stringify(message));

self.onmessage = (event: MessageEvent<string>) => {
  const message = JSON.parse(event.data) as ToWorker;
  if (message.op === "start") {
    start(message.config).then(
      () => tell({ event: "ready" }),
      (error) => tell({ event: "failed", message: String(error) }),
    );
  } else {
    void (shutdown?.end() ?? Promise.resolve()).then(() => tell({ event: "ended" }));
  }
};

async function start(config: WorkerConfig): Promise<void> {
  const logs = new ComponentLogs(config.logsDirectory, clock, config.logLevel);
  shutdown = new Shutdown(silentLogger);
  shutdown.add("logs", () => logs.close());
  const pki = await openPki(config.pkiDirectory, { clock, random });
  const { network, sockets } = config;
  const common = (name: keyof typeof sockets, logger: Logger) => {
    const connection = connectSocket(sockets[name], name);
    shutdown?.add(`${name} connection`, () => connection.close());
    return { connection, clock, random, logger, metrics: new MetricRegistry() };
  };
  const roles: Role[] = [
    controllerManagerRole({
      ...common("controller-manager", logs.logger("controller-manager")),
      network,
      pki,
    }),
    schedulerRole({
      ...common("scheduler", logs.logger("scheduler")),
      serving: {
        host: "127.0.0.1",
        port: SCHEDULER_PORT,
        anyPort: true,
        socketParent: config.socketDirectory,
        addressFile: config.schedulerAddress,
      },
    }),
  ];
  if (config.hollowNodes.length > 0) {
    const socketOf = new Map(config.hollowNodes.map(({ name, socket }) => [name, socket]));
    roles.push(hollowNodesRole({
      ...common("hollow-nodes", logs.logger("kubelet")),
      connectAs: (name) => {
        const connection = connectSocket(socketOf.get(name) ?? "", "kubelet");
        shutdown?.add(`${name} connection`, () => connection.close());
        return connection;
      },
      names: config.hollowNodes.map(({ name }) => name),
      socketDirectory: config.socketDirectory,
      network,
    }));
  }
  for (const role of roles) shutdown.add(role.name, () => role.end());
  await Promise.all(roles.map((role) => role.ready));
}
