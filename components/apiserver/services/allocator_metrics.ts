import type { Counter, MetricRegistry } from "../../base/mod.ts";
import type { ClusterIps } from "./cluster_ips.ts";
import type { NodePorts } from "./node_ports.ts";

/** Of what was asked for by name, or of any. */
export type Scope = "static" | "dynamic";

/** Hears of allocations and of those that failed. */
export interface AllocatorMeter {
  address(cidr: string, scope: Scope, well: boolean): void;
  port(scope: Scope, well: boolean): void;
}

/** Counts allocations, and shows what is given at each exposition, under upstream's names. */
export function allocatorMeter(
  registry: MetricRegistry,
  ips: ClusterIps,
  ports: NodePorts,
): AllocatorMeter {
  const of = (prefix: string, what: string, things: string, labels: readonly string[]) => ({
    given: registry.gauge(
      `${prefix}_allocated_${things}`,
      `[ALPHA] Gauge measuring the number of allocated ${what}`,
      labels,
    ),
    free: registry.gauge(
      `${prefix}_available_${things}`,
      `[ALPHA] Gauge measuring the number of available ${what}`,
      labels,
    ),
    total: registry.counter(
      `${prefix}_allocation_total`,
      `[ALPHA] Number of ${what} allocations`,
      [...labels, "scope"],
    ),
    errors: registry.counter(
      `${prefix}_allocation_errors_total`,
      `[ALPHA] Number of errors trying to allocate ${what}`,
      [...labels, "scope"],
    ),
  });
  const addresses = of("kube_apiserver_clusterip_allocator", "Cluster IPs", "ips", ["cidr"]);
  const nodePorts = of("kube_apiserver_nodeport_allocator", "NodePorts", "ports", []);
  registry.onCollect(() => {
    for (const gauge of [addresses.given, addresses.free]) gauge.clear();
    for (const { cidr, used, size } of ips.usage()) {
      addresses.given.set(used, cidr);
      addresses.free.set(size - used, cidr);
    }
    const { used, size } = ports.usage;
    nodePorts.given.set(used);
    nodePorts.free.set(size - used);
  });
  const count = (
    { total, errors }: { readonly total: Counter; readonly errors: Counter },
    well: boolean,
    ...labels: string[]
  ) => (well ? total : errors).add(1, ...labels);
  return {
    address: (cidr, scope, well) => count(addresses, well, cidr, scope),
    port: (scope, well) => count(nodePorts, well, scope),
  };
}
