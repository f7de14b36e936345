import {
  type Clock,
  type Logger,
  MetricRegistry,
  type Random,
  Shutdown,
  systemClock,
  systemRandom,
} from "../base/mod.ts";
import { type Node, NODES } from "../api/mod.ts";
import { MemoryTrim } from "../host/mod.ts";
import { PodmanRuntime, readMachine, startKubelet } from "../kubelet/mod.ts";
import { CLIENT_SUBJECTS, readCertificate } from "../pki/mod.ts";
import { Informer } from "../reconcile/mod.ts";
import { dialLocal, Door, type DoorPeer } from "../serving/mod.ts";
import { connect } from "./connection.ts";
import { readKubeconfig } from "./kubeconfig_file.ts";
import { ComponentLogs } from "./log_file.ts";
import { type NodeConfiguration, nodeLayout } from "./node_files.ts";
import { dnsRole } from "./roles/dns.ts";
import { kubeletTunnel, TUNNEL_PEER } from "./roles/kubelet_tunnel.ts";
import { proxyRole } from "./roles/proxy.ts";

const DNS_PORT = 53;
/** Inside the node's own tmpfs: gone with the node, and nobody else's. */
const RUN_DIRECTORY = "/run/coracle";
/** Of this process alone: what a killed one has left there is removed. */
const SOCKETS = `${RUN_DIRECTORY}/sockets`;

/** A node that runs. */
export interface NodeProcess {
  readonly ready: Promise<void>;
  /** Stops looking after the node. Its containers go on running. */
  end(): Promise<void>;
}

/**
 * Everything of one node in one process, inside the node's namespaces: kubelet on Podman, kube-proxy, cluster DNS, and
 * the tunnel through which the API server reaches them. Containers are not this process' children: its death ends none.
 */
export async function startNode(configuration: NodeConfiguration): Promise<NodeProcess> {
  const clock = systemClock;
  const random = systemRandom;
  const { nodeName, logsDirectory, network, address } = configuration;
  const layout = nodeLayout(configuration.directory);
  const logs = new ComponentLogs(logsDirectory, clock);
  const logger = logs.logger(nodeName);
  const shutdown = new Shutdown(logger);
  shutdown.add("logs", () => logs.close());
  const trim = new MemoryTrim(clock);
  shutdown.add("memory", () => trim.end());
  await Deno.mkdir(RUN_DIRECTORY, { recursive: true, mode: 0o700 });
  await Deno.remove(SOCKETS, { recursive: true }).catch(() => {});
  await Deno.mkdir(SOCKETS, { mode: 0o700 });
  const connection = connect(await readKubeconfig(layout.kubeletKubeconfig), "kubelet");
  shutdown.add("connection", () => connection.close());
  const runtime = await PodmanRuntime.open({
    nodeName,
    directory: configuration.directory,
    rootless: configuration.rootless,
    machineUid: configuration.machineUid,
    logger,
    clock,
    random,
  });
  shutdown.add(
    "network",
    writeNetworkWhenKnown(configuration, connection.client, runtime, clock, logger),
  );
  const kubelet = startKubelet({
    nodeName,
    client: connection.client,
    runtime,
    clock,
    random,
    logger,
    machine: await readMachine(
      [{ type: "InternalIP", address }, { type: "Hostname", address: nodeName }],
      configuration.directory,
    ),
    configuration: {
      clusterDNS: [network.dnsAddress],
      clusterDomain: network.domain,
      resolvConf: layout.resolver,
    },
    rootDirectory: layout.kubelet,
    podLogsDirectory: layout.podLogs,
    memoryDirectory: `${RUN_DIRECTORY}/memory`,
    authorize: (_request, peer) => Promise.resolve(isApiServer(peer) ? undefined : FORBIDDEN()),
  });
  shutdown.add("kubelet", () => kubelet.end());
  shutdown.add(
    "tunnel",
    kubeletTunnel({
      connection,
      kubelet,
      nodeName,
      socket: `${SOCKETS}/kubelet`,
      clock,
      logger,
      dial: (hostname, port) => dialLocal({ hostname, port }),
    }),
  );
  const door = await kubeletDoor(
    configuration,
    kubelet.kubelet.configuration.port,
    logger,
    kubelet.fetch,
  );
  shutdown.add("door", () => door.close());
  const roles = await startRoles(configuration, logs, { clock, random });
  for (const role of roles) shutdown.add(role.name, () => role.end());
  const started = Promise.all([kubelet.ready, ...roles.map((role) => role.ready)]);
  const ready = started.then(() => becomeReady(configuration, clock, shutdown.signal));
  ready.catch(() => {});
  return { ready, end: () => shutdown.end() };
}

/** The node is ready when pods on it find Services by name: through its rules, from its own or another's server. */
async function becomeReady(
  { directory, network }: NodeConfiguration,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const { untilResolved } = await import("../dns/mod.ts");
  await untilResolved({
    server: { hostname: network.dnsAddress, port: DNS_PORT },
    name: `kubernetes.default.svc.${network.domain}`,
    clock,
    signal,
  });
  await Deno.writeTextFile(nodeLayout(directory).ready, "");
}

async function startRoles(
  configuration: NodeConfiguration,
  logs: ComponentLogs,
  common: { readonly clock: Clock; readonly random: Random },
) {
  const { address, network, nodeName, resolver } = configuration;
  const layout = nodeLayout(configuration.directory);
  const metrics = new MetricRegistry();
  const [proxy, dns] = await Promise.all([
    readKubeconfig(layout.proxyKubeconfig),
    readKubeconfig(layout.dnsKubeconfig),
  ]);
  return [
    proxyRole({
      ...common,
      metrics,
      connection: connect(proxy, "kube-proxy"),
      logger: logs.logger(`${nodeName}-proxy`),
      nodeName,
      network,
    }),
    dnsRole({
      ...common,
      metrics,
      connection: connect(dns, "coredns"),
      logger: logs.logger(`${nodeName}-dns`),
      domain: network.domain,
      host: address,
      port: DNS_PORT,
      upstreams: [resolver],
    }),
  ];
}

/** The kubelet's own port, for whoever has a route and the API server's certificate. */
async function kubeletDoor(
  configuration: NodeConfiguration,
  port: number,
  logger: Logger,
  handle: (request: Request, peer: DoorPeer) => Promise<Response>,
): Promise<Door> {
  const layout = nodeLayout(configuration.directory);
  const [certificate, key, clientCa] = await Promise.all([
    Deno.readTextFile(layout.servingCertificate),
    Deno.readTextFile(layout.servingKey),
    Deno.readTextFile(layout.clientAuthority),
  ]);
  return await Door.open({
    host: configuration.address,
    port,
    credentials: { certificate, key, clientCa },
    socketParent: SOCKETS,
    logger,
    clock: systemClock,
    handle,
  });
}

/** Pods get a network as soon as the node has its range. */
function writeNetworkWhenKnown(
  { mtu, nodeName }: NodeConfiguration,
  client: ReturnType<typeof connect>["client"],
  runtime: PodmanRuntime,
  clock: Clock,
  logger: Logger,
): () => void {
  const abort = new AbortController();
  let written = "";
  const nodes = new Informer<Node>({
    client,
    type: NODES,
    fieldSelector: `metadata.name=${nodeName}`,
    clock,
    logger,
  });
  nodes.onChange(({ current }) => {
    const ranges = current?.spec?.podCIDRs ?? [];
    const text = ranges.join(",");
    if (text === "" || text === written) return;
    written = text;
    runtime.writeDefaultNetwork(ranges, mtu).catch((error) => {
      written = "";
      logger.error("the network's configuration was not written", { error });
    });
  });
  nodes.start(abort.signal);
  return () => abort.abort(new Error("the node ends"));
}

/** The tunnel's caller, or one whose certificate the door has verified: only the API server is given such a one. */
function isApiServer(peer: DoorPeer): boolean {
  if (peer === TUNNEL_PEER) return true;
  const name = CLIENT_SUBJECTS["apiserver-kubelet-client"].commonName;
  return peer.certificate !== undefined &&
    readCertificate(peer.certificate).subject.commonName === name;
}

const FORBIDDEN = () => new Response("Forbidden\n", { status: 403 });
