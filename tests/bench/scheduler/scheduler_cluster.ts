import {
  MetricRegistry,
  silentLogger,
  systemClock,
  systemRandom,
} from "../../../components/base/mod.ts";
import { startApiServer } from "../../../components/apiserver/mod.ts";
import { Client, type Fetch } from "../../../components/client/mod.ts";
import { openPki } from "../../../components/pki/mod.ts";
import { openCore, type Scheduler, startScheduler } from "../../../components/scheduler/mod.ts";
import { openKvStore } from "../../../components/storage/mod.ts";

const ADMIN = { username: "kubernetes-admin", groups: ["system:masters", "system:authenticated"] };
const SCHEDULER = { username: "system:kube-scheduler", groups: ["system:authenticated"] };

export interface SchedulerCluster {
  readonly client: Client;
  readonly scheduler: Scheduler;
  readonly metrics: MetricRegistry;
  end(): Promise<void>;
}

/**
 * An API server on a disk and a scheduler in one process: no kubelets and no controllers, and without the admission
 * that would have them act.
 */
export async function startSchedulerCluster(directory: string): Promise<SchedulerCluster> {
  const [clock, random, logger] = [systemClock, systemRandom, silentLogger];
  const pki = await openPki(`${directory}/pki`, { clock, random });
  const store = await openKvStore({ directory: `${directory}/store`, logger, clock });
  const server = startApiServer({
    store,
    pki,
    clock,
    random,
    logger,
    metrics: new MetricRegistry(),
    advertise: { addresses: ["192.0.2.1"], port: 6443 },
    serviceCidrs: ["10.96.0.0/24"],
    admission: {
      enable: [],
      disable: ["ServiceAccount", "TaintNodesByCondition", "Priority"],
      plugins: new Map(),
    },
  });
  await server.ready;
  const as = (user: typeof ADMIN): Fetch => (request) =>
    server.handle(request, { address: "127.0.0.1", user });
  const clientOf = (user: typeof ADMIN) =>
    new Client({ server: "http://127.0.0.1", fetch: as(user), userAgent: "scheduler-bench/1" });
  const metrics = new MetricRegistry();
  const scheduler = startScheduler({
    client: clientOf(SCHEDULER),
    clock,
    random,
    logger,
    metrics,
    core: openCore(),
  });
  await scheduler.ready;
  return {
    client: clientOf(ADMIN),
    scheduler,
    metrics,
    async end() {
      await scheduler.end();
      server.close();
      await store.close();
    },
  };
}
