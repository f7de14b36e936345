import { applyRuleset } from "../../host/mod.ts";
import type { ClusterNetwork } from "../network.ts";
import { lazyRole, type Role, type RoleOptions } from "./role.ts";

export interface ProxyRoleOptions extends RoleOptions {
  readonly nodeName: string;
  readonly network: ClusterNetwork;
}

/** kube-proxy over a connection: nftables in the network namespace of this process. */
export function proxyRole(options: ProxyRoleOptions): Role {
  const { connection, clock, logger, network, nodeName } = options;
  return lazyRole("kube-proxy", async () => {
    const { startProxy } = await import("../../proxy/mod.ts");
    const proxy = startProxy({
      client: connection.client,
      clock,
      logger,
      nodeName,
      clusterCidr: network.clusterCidrs[0] ?? "",
      serviceCidrs: network.serviceCidrs,
      backend: { apply: (ruleset) => applyRuleset(ruleset) },
    });
    return { name: "kube-proxy", ready: proxy.ready, end: () => proxy.end() };
  });
}
