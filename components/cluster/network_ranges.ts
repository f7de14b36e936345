import {
  formatSubnet,
  overlap,
  parseSubnet,
  readState,
  type Subnet,
  usedRanges,
  writeState,
} from "../host/mod.ts";
import type { DataLayout } from "./data_directory.ts";
import type { RuntimeName } from "./instance.ts";
import { type ClusterNetwork, DEFAULT_NETWORK } from "./network.ts";
import { StartError } from "./start_error.ts";

/** The ranges of one cluster, which never change: what runs has addresses of them. */
export interface NetworkRanges {
  readonly pods: string;
  readonly services: string;
}

/** The pods' nodes get ranges of this many bits out of the cluster's. */
const NODE_BITS = 24;
const POD_BITS_MINIMUM = 8;
/** As kube-apiserver: larger ranges take too much memory, and smaller ones have no room for DNS. */
const SERVICE_BITS = { minimum: 12, maximum: 28 };
/** Where kubeadm puts cluster DNS in the range of Services. */
const DNS_OFFSET = 10;

/** What new clusters get: what most have first, then what other software seldom uses. */
const POD_RANGES = [
  DEFAULT_NETWORK.clusterCidrs[0] ?? "",
  ...Array.from({ length: 11 }, (_, i) => `10.${245 + i}.0.0/16`),
  ...Array.from({ length: 32 }, (_, i) => `10.${160 + i}.0.0/16`),
  ...Array.from({ length: 8 }, (_, i) => `172.${20 + i}.0.0/16`),
];
const SERVICE_RANGES = [
  DEFAULT_NETWORK.serviceCidrs[0] ?? "",
  ...Array.from({ length: 31 }, (_, i) => `10.${97 + i}.0.0/16`),
  ...Array.from({ length: 4 }, (_, i) => `172.${16 + i}.0.0/16`),
];

/** Which ranges a cluster may have: one, or the first of several that the machine does not use. */
export interface RangeChoice {
  readonly pods: readonly string[];
  readonly services: string;
}

/**
 * The choice that is left: what is recorded, else what is asked for, else what the machine does not use. Throws
 * `StartError` where a cluster has other ranges than are asked for, or where no range is free. Pure.
 */
export function rangeChoice(facts: {
  readonly recorded: NetworkRanges | undefined;
  readonly asked: Partial<NetworkRanges>;
  /** Ranges that the machine routes or owns. */
  readonly used: readonly string[];
}): RangeChoice {
  const { asked, recorded, used } = facts;
  if (recorded !== undefined) {
    for (const which of ["pods", "services"] as const) {
      const other = asked[which];
      if (other === undefined || other === recorded[which]) continue;
      throw new StartError(
        `the ${which} of this cluster have ${recorded[which]}: ` +
          `the range is chosen when a cluster is made, and ${other} would be another`,
      );
    }
    return { pods: [recorded.pods], services: recorded.services };
  }
  const podsOrNot = asked.pods === undefined ? [] : [asked.pods];
  const services = asked.services ??
    SERVICE_RANGES.find((range) => isFree(range, [...used, ...podsOrNot]));
  if (services === undefined) {
    throw new StartError("no range is free for Services; --service-cluster-ip-range takes one");
  }
  const pods = asked.pods === undefined
    ? POD_RANGES.filter((range) => isFree(range, [services, ...used]))
    : [asked.pods];
  if (pods.length === 0) {
    throw new StartError("no range is free for pods; --cluster-cidr takes one");
  }
  if (asked.pods !== undefined && !isFree(asked.pods, [services])) {
    throw new StartError(`pods and Services cannot share addresses: ${asked.pods}, ${services}`);
  }
  return { pods, services };
}

/** A cluster's network on these ranges. Pure. */
export function networkOn(ranges: NetworkRanges): ClusterNetwork {
  const services = subnetOf(ranges.services);
  return {
    ...DEFAULT_NETWORK,
    clusterCidrs: [ranges.pods],
    serviceCidrs: [ranges.services],
    dnsAddress: formatSubnet({ ...services, first: services.first + DNS_OFFSET }).split("/")[0]!,
  };
}

/** The range in its usual form, or what is wrong with it. Pure. */
export function checkRange(
  which: keyof NetworkRanges,
  text: string,
): { readonly range: string } | { readonly problem: string } {
  const subnet = text.includes("/") ? parseSubnet(text) : undefined;
  if (subnet === undefined) return { problem: "must be an IPv4 range such as 10.1.0.0/16" };
  const [minimum, maximum] = which === "pods"
    ? [POD_BITS_MINIMUM, NODE_BITS]
    : [SERVICE_BITS.minimum, SERVICE_BITS.maximum];
  if (subnet.bits < minimum || subnet.bits > maximum) {
    return { problem: `its mask must be from ${minimum} to ${maximum}` };
  }
  return { range: formatSubnet(subnet) };
}

/** What the data directory's cluster has; undefined for one that is new. */
export async function recordedRanges(layout: DataLayout): Promise<NetworkRanges | undefined> {
  const recorded = await readState<NetworkRanges>(rangesPath(layout));
  if (recorded !== undefined) return recorded;
  // Clusters from before ranges were chosen have the usual ones.
  const isThere = await Deno.stat(layout.adminKubeconfig).then(() => true, () => false);
  return isThere ? DEFAULT_RANGES : undefined;
}

/** The choice for the cluster that is started on a data directory. Rejects with `StartError`. */
export async function chooseRanges(
  layout: DataLayout,
  { etcd, ranges = {}, runtime }: {
    readonly etcd?: unknown;
    readonly ranges?: Partial<NetworkRanges>;
    readonly runtime: RuntimeName;
  },
): Promise<RangeChoice> {
  const recorded = await recordedRanges(layout);
  // What several machines share must not depend on one, and what runs nothing has no routes.
  const asked = etcd === undefined && runtime !== "hollow"
    ? ranges
    : { ...DEFAULT_RANGES, ...ranges };
  const used = recorded === undefined && asked === ranges ? await usedRanges() : [];
  return rangeChoice({ recorded, asked: recorded === undefined ? asked : ranges, used });
}

export async function recordRanges(layout: DataLayout, ranges: NetworkRanges): Promise<void> {
  await writeState(rangesPath(layout), ranges);
}

export const DEFAULT_RANGES: NetworkRanges = {
  pods: DEFAULT_NETWORK.clusterCidrs[0] ?? "",
  services: DEFAULT_NETWORK.serviceCidrs[0] ?? "",
};

const rangesPath = (layout: DataLayout) => `${layout.root}/network.json`;

function isFree(range: string, used: readonly string[]): boolean {
  const subnet = subnetOf(range);
  // A default route touches everything and means nothing.
  return used.map(parseSubnet).every((other) =>
    other === undefined || other.bits === 0 || !overlap(subnet, other)
  );
}

function subnetOf(range: string): Subnet {
  const subnet = parseSubnet(range);
  if (subnet === undefined) throw new StartError(`not an IPv4 range: ${range}`);
  return subnet;
}
