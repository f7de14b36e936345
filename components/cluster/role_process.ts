import { openServerFiles, type ServerChoice } from "./server_files.ts";
import { lineLogger, type Logger, MetricRegistry, systemClock, systemRandom } from "../base/mod.ts";
import { MemoryTrim } from "../host/mod.ts";
import { CLIENT_SUBJECTS, kubeconfigText, openPki, type Pki } from "../pki/mod.ts";
import type { ApiServerFlags } from "./api_server_settings.ts";
import { connect } from "./connection.ts";
import { ownData, writeSecret } from "./data_directory.ts";
import { readKubeconfig } from "./kubeconfig_file.ts";
import { type ClusterNetwork, type ListenAddress, serverUrl } from "./network.ts";
import { type EtcdChoice, openStore } from "./open_store.ts";
import { ApiServerRole } from "./roles/api_server.ts";
import { controllerAccounts } from "./roles/controller_accounts.ts";
import { controllerManagerRole } from "./roles/controller_manager.ts";
import { dnsRole, nameservers } from "./roles/dns.ts";
import { elected } from "./roles/elected.ts";
import { hollowNodesRole } from "./roles/hollow_nodes.ts";
import { proxyRole } from "./roles/proxy.ts";
import type { Election, Role, RoleOptions } from "./roles/role.ts";

/** What one role alone in a process is started with. */
export interface RoleProcessOptions {
  readonly kubeconfig: string;
  readonly network: ClusterNetwork;
  /** Takes each line of the log. */
  readonly log: (line: string) => void;
  readonly verbose: boolean;
}

/** Of several that run, one works. `lost` is called when it no longer may. */
export interface ElectionOptions {
  readonly leaderElect: boolean;
  readonly lost: () => void;
}

/** kube-controller-manager alone; with `pkiDirectory` it signs, and hands out the root certificate. */
export async function startControllerManagerProcess(
  options: RoleProcessOptions & ElectionOptions & {
    readonly pkiDirectory?: string;
    readonly controllers?: readonly string[];
  },
): Promise<Role> {
  const role = await roleOptions(options, "controller-manager");
  const { controllers, network, pkiDirectory } = options;
  const pki = pkiDirectory === undefined
    ? undefined
    : await openPki(pkiDirectory, { clock: systemClock, random: systemRandom });
  const { certificate: _certificate, key: _key, token: _token, ...nobody } = await readKubeconfig(
    options.kubeconfig,
  );
  const clientFor = controllerAccounts({
    connection: role.connection,
    anonymous: connect(nobody, "controller-manager"),
    clock: systemClock,
  });
  return perhapsElected("kube-controller-manager", role, options, () =>
    controllerManagerRole({
      ...role,
      network,
      ...(pki === undefined ? {} : { pki }),
      clientFor,
      ...(nobody.authority === undefined ? {} : { rootCa: nobody.authority }),
      ...(controllers === undefined ? {} : { controllers }),
    }));
}

/** kube-proxy alone, in the network namespace of this process. */
export async function startProxyProcess(
  options: RoleProcessOptions & { readonly nodeName: string },
): Promise<Role> {
  const { network, nodeName } = options;
  return proxyRole({ ...await roleOptions(options, "kube-proxy"), network, nodeName });
}

/** Cluster DNS alone. */
export async function startDnsProcess(
  options: RoleProcessOptions & {
    readonly listen: ListenAddress;
    readonly upstreams?: readonly string[];
  },
): Promise<Role> {
  const { listen, network } = options;
  const upstreams = options.upstreams ??
    nameservers(await Deno.readTextFile("/etc/resolv.conf").catch(() => ""));
  const role = await roleOptions(options, "dns");
  return dnsRole({ ...role, ...listen, domain: network.domain, upstreams });
}

/** Hollow kubelets alone: they join any Kubernetes cluster whose kubeconfig may register nodes. */
export async function startHollowProcess(
  options: RoleProcessOptions & { readonly names: readonly string[] },
): Promise<Role> {
  const { names, network } = options;
  const role = await roleOptions(options, "kubelet");
  return hollowNodesRole({ ...role, names, network, connectAs: () => role.connection });
}

/** The names of the kubeconfigs that an API server alone writes for the other roles. */
const ROLE_KUBECONFIGS = ["admin", "scheduler", "controller-manager", "kube-proxy"] as const;

/** kube-apiserver alone on a data directory, with a kubeconfig for every other role. */
export async function startApiServerProcess(options: {
  readonly dataDirectory: string;
  readonly listen: ListenAddress;
  readonly advertise: string;
  readonly network: ClusterNetwork;
  readonly running?: ServerChoice;
  /** Where the state lies; in the data directory where not given. */
  readonly etcd?: EtcdChoice;
  /** The cluster's keys, which several servers share; in the data directory where not given. */
  readonly pkiDirectory?: string;
  readonly log: (line: string) => void;
  readonly verbose: boolean;
  readonly flags?: ApiServerFlags;
}): Promise<Role> {
  const { advertise, listen, network } = options;
  const running = await openServerFiles(options.running ?? {});
  const owned = await ownData(options.dataDirectory, `coracle apiserver, process ${Deno.pid}`);
  const { layout } = owned;
  const logger = processLogger(options.log, options.verbose);
  const metrics = new MetricRegistry();
  const [pki, store] = await Promise.all([
    openSharedPki(options.pkiDirectory ?? layout.pki),
    openStore({
      etcd: options.etcd,
      directory: layout.store,
      root: layout.root,
      logger,
      clock: systemClock,
    }),
  ]).catch((error) => {
    owned.release();
    throw error;
  });
  const api = await ApiServerRole.start({
    store,
    pki,
    network,
    advertise: { addresses: [advertise], port: listen.port },
    clock: systemClock,
    random: systemRandom,
    logger,
    metrics,
    running,
    socketParent: layout.sockets,
    ...(options.flags === undefined ? {} : { flags: options.flags }),
  }).catch(async (error) => {
    await store.close();
    owned.release();
    throw error;
  });
  const trim = new MemoryTrim(systemClock);
  const end = async () => {
    trim.end();
    await api.end();
    await store.close();
    owned.release();
  };
  try {
    const port = await api.listen(listen);
    await writeKubeconfigs(layout.root, pki, serverUrl({ host: listen.host, port }));
  } catch (error) {
    await end();
    throw error;
  }
  return { name: "kube-apiserver", ready: api.ready, end };
}

/** Opens keys that others may open at the same time: one of them makes what is missing. */
async function openSharedPki(directory: string): Promise<Pki> {
  await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  const lock = await Deno.open(`${directory}/lock`, { write: true, create: true, mode: 0o600 });
  try {
    await lock.lock(true);
    return await openPki(directory, { clock: systemClock, random: systemRandom });
  } finally {
    // Its end lets go of it.
    lock.close();
  }
}

async function writeKubeconfigs(directory: string, pki: Pki, server: string): Promise<void> {
  for (const name of ROLE_KUBECONFIGS) {
    const { certificate, key } = await pki.client(name, CLIENT_SUBJECTS[name]);
    await writeSecret(
      `${directory}/${name}.kubeconfig`,
      kubeconfigText({
        name: "coracle",
        server,
        authority: pki.authority.certificate,
        credential: { certificate, key },
        user: name,
      }),
    );
  }
}

/** What a role alone in a process runs with. */
export async function roleOptions(
  { kubeconfig, log, verbose }: RoleProcessOptions,
  component: string,
): Promise<RoleOptions> {
  return {
    connection: connect(await readKubeconfig(kubeconfig), component),
    clock: systemClock,
    random: systemRandom,
    logger: processLogger(log, verbose),
    metrics: new MetricRegistry(),
  };
}

/** Of several processes one works, where that is asked for. */
export function perhapsElected(
  lease: string,
  options: RoleOptions,
  { leaderElect, lost }: ElectionOptions,
  start: () => Role,
  election: Omit<Election, "identity"> = {},
): Role {
  if (!leaderElect) return start();
  const identity = `${Deno.hostname()}_${options.random.uuid()}`;
  return elected(lease, options, { identity, ...election }, start, lost);
}

function processLogger(log: (line: string) => void, verbose: boolean): Logger {
  return lineLogger(log, () => systemClock.now(), { level: verbose ? "debug" : "info" });
}
