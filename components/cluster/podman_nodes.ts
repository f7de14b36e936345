import type { Clock, Logger } from "../base/mod.ts";
import { type Node, NODES } from "../api/mod.ts";
import type { Client } from "../client/mod.ts";
import { missingRequirements, openFabric, PodRangeError } from "../host/mod.ts";
import { Informer } from "../reconcile/mod.ts";
import type { DataLayout } from "./data_directory.ts";
import { ensureDnsService } from "./dns_service.ts";
import { networkOn } from "./network_ranges.ts";
import type { NodeGroup, NodeGroupOptions } from "./node_group.ts";
import { NodePorts } from "./node_ports.ts";
import { NodeSupervisor } from "./node_supervisor.ts";
import { StartError } from "./start_error.ts";

/** A socket's address holds this much and the zero that ends it. */
const SOCKET_BYTES_MAXIMUM = 107;
const LONGEST_SOCKET = "node-5000/podman.sock";

/** Nodes on this machine, each in its own namespaces, with containers under Podman. */
export async function podmanGroup(options: NodeGroupOptions): Promise<NodeGroup> {
  const { layout, names, ranges, clock, random, logger, progress, listen } = options;
  const rootless = Deno.uid() !== 0;
  checkPath(layout);
  await checkMachine(rootless);
  progress("preparing the nodes");
  // Rootless, the machine's loopback is what nodes reach it by; as root, the fabric's own address.
  const loopback = ["127.0.0.1", "localhost", "::1"].includes(listen.host);
  const everywhere = listen.host === "0.0.0.0" || listen.host === "::";
  const nodes: NodeSupervisor[] = [];
  const fabric = await openFabric({
    name: layout.root,
    directory: `${layout.nodes}/fabric`,
    rootless,
    avoid: [ranges.services, ...(rootless ? ranges.pods.slice(0, 1) : [])],
    podRanges: ranges.pods,
    // Of what listens on the loopback, nodes and pods have no business with anything but the API server.
    ...(listen.port === 0 ? {} : { machinePorts: [listen.port] }),
    clock,
    repair: {
      told: (problem) => logger.warn("the nodes' way out", { problem: String(problem) }),
      done: () => nodes.forEach((node) => node.reconnect()),
    },
  }).catch((error) => {
    throw error instanceof PodRangeError
      ? new StartError(`${error.message}; --cluster-cidr chooses another for a new cluster`)
      : error;
  });
  const network = networkOn({ pods: fabric.podRange ?? "", services: ranges.services });
  nodes.push(
    ...await Promise.all(
      names.map((name) => NodeSupervisor.open({ name, layout, network, fabric, clock, logger })),
    ),
  );
  const ending = new AbortController();
  let ports: NodePorts | undefined;
  return {
    names,
    network,
    hollow: [],
    advertise: [fabric.machineAddress],
    listen: rootless || everywhere || !loopback ? [] : [fabric.machineAddress],
    async start({ pki, port, client }) {
      const host = rootless || everywhere || loopback ? fabric.machineAddress : listen.host;
      await Promise.all(nodes.map((node) => node.start(pki, `https://${host}:${port}`)));
      leadPods(nodes, client, clock, logger, ending.signal);
      ports = new NodePorts({ client, clock, random, logger, fabric, nodes });
      await ensureDnsService(client, network, nodes);
    },
    async ready() {
      await Promise.all(nodes.map((node) => node.ready()));
    },
    async end(keepContainers) {
      ending.abort(new Error("the nodes end"));
      await ports?.end();
      await Promise.all(nodes.map((node) => node.end()));
      if (keepContainers) return fabric.close();
      await Promise.all(nodes.map((node) => node.destroy()));
      await fabric.destroy();
    },
  };
}

/** Podman's socket lies in each node's directory: what reaches it must fit into a socket's address. */
function checkPath({ nodes, root }: DataLayout): void {
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  const maximum = SOCKET_BYTES_MAXIMUM - bytes(`${nodes}/${LONGEST_SOCKET}`) + bytes(root);
  if (bytes(root) <= maximum) return;
  throw new StartError(
    `the path of the data directory is ${bytes(root)} bytes long; ` +
      `nodes have sockets in it, for which it must have at most ${maximum}: ${root}`,
  );
}

/** Rejects with one clear line when the machine lacks what nodes need. */
async function checkMachine(rootless: boolean): Promise<void> {
  const { programs, problems, install } = await missingRequirements(rootless);
  if (programs.length === 0 && problems.length === 0) return;
  const lacking = programs.length === 0
    ? []
    : [`this machine lacks ${programs.join(", ")}${install === undefined ? "" : `: ${install}`}`];
  throw new StartError([...lacking, ...problems].join("; "));
}

/** Leads each node's pod range to it, as soon as it has one. */
function leadPods(
  supervisors: readonly NodeSupervisor[],
  client: Client,
  clock: Clock,
  logger: Logger,
  signal: AbortSignal,
): void {
  const nodes = new Informer<Node>({ client, type: NODES, clock, logger });
  nodes.onChange(({ key, current, previous }) => {
    const range = current?.spec?.podCIDR;
    if (range === undefined || range === previous?.spec?.podCIDR) return;
    supervisors.find(({ name }) => name === key)?.routePods(range).catch((error) =>
      logger.error("pods are not reached from the machine", { node: key, error })
    );
  });
  nodes.start(signal);
}
