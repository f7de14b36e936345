import { type Node, NODES } from "../../api/mod.ts";
import { Shutdown } from "../../base/mod.ts";
import type { Machine, RunningKubelet } from "../../kubelet/mod.ts";
import { Informer } from "../../reconcile/mod.ts";
import type { Connection } from "../connection.ts";
import type { ClusterNetwork } from "../network.ts";
import { kubeletTunnel } from "./kubelet_tunnel.ts";
import { lazyRole, type Role, type RoleOptions } from "./role.ts";

export interface HollowNodesOptions extends RoleOptions {
  readonly names: readonly string[];
  readonly network: ClusterNetwork;
  /** A connection as that node; `connection` is the one all of them watch pods and nodes with. */
  connectAs(nodeName: string): Connection;
  /** A folder of ours alone for the kubelets' sockets; without it no tunnels are opened. */
  readonly socketDirectory?: string;
  /** Hears of each kubelet. */
  readonly onKubelet?: (nodeName: string, kubelet: RunningKubelet) => void;
}

/** Host numbers of a /24 that pods may have. */
const POD_ADDRESSES_PER_NODE = 253;

/** Nodes that run nothing and report as if they did: many in one process, over one watch of pods and one of nodes. */
export function hollowNodesRole(options: HollowNodesOptions): Role {
  return lazyRole(
    "hollow-nodes",
    async () => startHollowNodes(options, await import("../../kubelet/mod.ts")),
  );
}

function startHollowNodes(
  options: HollowNodesOptions,
  { HollowRuntime, PodDistributor, startKubelet }: typeof import("../../kubelet/mod.ts"),
): Role {
  const { clock, connection, logger, random } = options;
  const shutdown = new Shutdown(logger);
  const { client } = connection;
  const pods = PodDistributor.informer(client, clock, logger).start(shutdown.signal);
  const nodes = new Informer<Node>({ client, type: NODES, clock, logger }).start(shutdown.signal);
  const distributor = new PodDistributor(pods);
  const kubelets: RunningKubelet[] = options.names.map((name, index) => {
    let next = 0;
    const node = () => nodes.get(name);
    const runtime = new HollowRuntime({
      clock,
      random,
      address: () => podAddress(node()?.spec?.podCIDR, index, next++),
    });
    const nodeConnection = options.connectAs(name);
    const kubelet = startKubelet({
      nodeName: name,
      client: nodeConnection.client,
      runtime,
      clock,
      random,
      logger: logger.with({ node: name }),
      machine: hollowMachine(name, index),
      podSource: distributor.source(name),
      nodeSource: node,
      configuration: {
        clusterDNS: [options.network.dnsAddress],
        clusterDomain: options.network.domain,
      },
      serviceSource: () => Promise.resolve([]),
      // Only the API server reaches it: in this process, or through its tunnel.
      authorize: () => Promise.resolve(undefined),
    });
    shutdown.add(name, () => kubelet.end());
    options.onKubelet?.(name, kubelet);
    if (options.socketDirectory !== undefined) {
      const end = kubeletTunnel({
        connection: nodeConnection,
        kubelet,
        nodeName: name,
        socket: `${options.socketDirectory}/kubelet-${index}`,
        clock,
        logger,
      });
      shutdown.add(`tunnel of ${name}`, end);
    }
    return kubelet;
  });
  return {
    name: "hollow-nodes",
    ready: Promise.all(kubelets.map(({ ready }) => ready)).then(() => {}),
    end: () => shutdown.end(),
  };
}

/** An address of the node's range; before it has one, of the range it would have had by its number. Pure. */
export function podAddress(podCidr: string | undefined, node: number, pod: number): string {
  const range = podCidr === undefined || podCidr === "" ? `10.244.${node % 256}.0/24` : podCidr;
  const network = range.slice(0, range.lastIndexOf("."));
  return `${network}.${2 + pod % POD_ADDRESSES_PER_NODE}`;
}

function hollowMachine(name: string, index: number): Machine {
  const id = index.toString(16).padStart(32, "0");
  return {
    addresses: [
      { type: "InternalIP", address: `10.213.${index >> 8 & 255}.${index & 255 || 1}` },
      { type: "Hostname", address: name },
    ],
    capacity: { cpu: "16", memory: "64Gi", "ephemeral-storage": "100Gi" },
    machineID: id,
    systemUUID: id,
    bootID: id,
    kernelVersion: Deno.osRelease(),
    osImage: "hollow",
    operatingSystem: Deno.build.os,
    architecture: Deno.build.arch === "x86_64" ? "amd64" : "arm64",
  };
}
