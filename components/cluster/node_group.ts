import type { Clock, Logger, Random } from "../base/mod.ts";
import type { Client } from "../client/mod.ts";
import type { Pki } from "../pki/mod.ts";
import type { DataLayout } from "./data_directory.ts";
import type { RuntimeName } from "./instance.ts";
import type { ClusterNetwork, ListenAddress } from "./network.ts";
import { networkOn, type RangeChoice } from "./network_ranges.ts";

export interface NodeGroupOptions {
  readonly layout: DataLayout;
  readonly names: readonly string[];
  readonly runtime: RuntimeName;
  readonly ranges: RangeChoice;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly listen: ListenAddress;
  readonly progress: (step: string) => void;
}

/** The nodes of one cluster on this machine. */
export interface NodeGroup {
  readonly names: readonly string[];
  /** With the ranges that were chosen. */
  readonly network: ClusterNetwork;
  /** Those that run in the control plane's own process. */
  readonly hollow: readonly string[];
  /** Where nodes and pods reach the API server. */
  readonly advertise: readonly string[];
  /** Addresses beside the user's that the server must listen on for them. */
  readonly listen: readonly string[];
  /** Starts their processes, once the server answers on that port. */
  start(
    server: { readonly pki: Pki; readonly port: number; readonly client: Client },
  ): Promise<void>;
  /** Resolves when every process that was started does all that a node is for. Rejects when the nodes end before. */
  ready(): Promise<void>;
  end(keepContainers: boolean): Promise<void>;
}

/** An address of documentation (RFC 5737): stands for the server where nothing of the cluster dials it. */
const NOWHERE = "192.0.2.1";

/** Prepares what the nodes need of the machine. Rejects with `StartError` for what the machine lacks. */
export async function openNodeGroup(options: NodeGroupOptions): Promise<NodeGroup> {
  if (options.runtime === "hollow") return hollowGroup(options);
  // Loaded only where it is used: a hollow cluster needs none of it.
  const { podmanGroup } = await import("./podman_nodes.ts");
  return await podmanGroup(options);
}

function hollowGroup({ listen, names, ranges }: NodeGroupOptions): NodeGroup {
  return {
    names,
    network: networkOn({ pods: ranges.pods[0] ?? "", services: ranges.services }),
    hollow: names,
    advertise: [reachable(listen.host) ?? machineAddress() ?? NOWHERE],
    listen: [],
    start: () => Promise.resolve(),
    ready: () => Promise.resolve(),
    end: () => Promise.resolve(),
  };
}

/** The host where others can dial it. Pure. */
function reachable(host: string): string | undefined {
  const isLocal = host === "localhost" || host === "::1" || host.startsWith("127.") ||
    host === "0.0.0.0" || host === "::";
  return isLocal ? undefined : host;
}

/** An IPv4 address of this machine that is not its loopback. */
function machineAddress(): string | undefined {
  return Deno.networkInterfaces()
    .find(({ family, address }) => family === "IPv4" && !address.startsWith("127."))?.address;
}
