import type { Endpoint, ServicePort } from "./service_port.ts";

/** What the rules need to know of the cluster. */
export interface RulesetOptions {
  /** Pod addresses; traffic to cluster IPs from elsewhere is masqueraded. Empty: nothing is known, nothing is. */
  readonly clusterCidr: string;
  /** The node's addresses on which node ports are served. */
  readonly nodeIPs: readonly string[];
  /** Service ranges: an address in them that no Service has is dropped. */
  readonly serviceCidrs: readonly string[];
}

const TABLE = "kube-proxy";
const MASQUERADE_MARK = "0x4000";

/**
 * The whole table as one nft transaction: whatever stood there is replaced at once. Chain names as kube-proxy's
 * nftables mode has them, without the hash: the id is unique already.
 */
export function ruleset(ports: readonly ServicePort[], options: RulesetOptions): string {
  const lines: string[] = [];
  const serviceIPs: string[] = [];
  const nodePorts: string[] = [];
  const noEndpointServices: string[] = [];
  const noEndpointNodePorts: string[] = [];
  const hairpins = new Set<string>();
  const clusterIPs = new Set<string>();
  const chains: string[] = [];

  for (const port of ports) {
    const name = chainName(port.id);
    clusterIPs.add(port.clusterIP);
    for (const { address, port: target } of port.clusterEndpoints) {
      hairpins.add(`${address} . ${address} . ${port.protocol} . ${target}`);
    }
    const hasCluster = port.clusterEndpoints.length > 0;
    const hasLocal = port.localEndpoints.length > 0;
    if (hasCluster) chains.push(...balanceChains(`service-${name}`, port, port.clusterEndpoints));
    if (hasLocal && (port.internalLocal || port.externalLocal)) {
      chains.push(...balanceChains(`local-${name}`, port, port.localEndpoints));
    }

    const refusal = port.anyEndpoint ? "drop" : "goto reject-chain";
    const internal = `${port.clusterIP} . ${port.protocol} . ${port.port}`;
    if (port.internalLocal ? hasLocal : hasCluster) {
      serviceIPs.push(`${internal} : goto ${port.internalLocal ? "local" : "service"}-${name}`);
    } else {
      noEndpointServices.push(`${internal} : ${refusal}`);
    }

    if (port.externalIPs.length === 0 && port.nodePort === undefined) continue;
    const reachable = port.externalLocal ? hasLocal || hasCluster : hasCluster;
    if (reachable) chains.push(...externalChain(name, port, options));
    for (const address of port.externalIPs) {
      const external = `${address} . ${port.protocol} . ${port.port}`;
      if (reachable) serviceIPs.push(`${external} : goto external-${name}`);
      else noEndpointServices.push(`${external} : ${refusal}`);
    }
    if (port.nodePort !== undefined) {
      const nodePort = `${port.protocol} . ${port.nodePort}`;
      if (reachable) nodePorts.push(`${nodePort} : goto external-${name}`);
      else noEndpointNodePorts.push(`${nodePort} : ${refusal}`);
    }
  }

  lines.push(`add table ip ${TABLE}`, `delete table ip ${TABLE}`, `table ip ${TABLE} {`);
  lines.push(...collection("set cluster-ips", "ipv4_addr", [...clusterIPs]));
  lines.push(...collection("set nodeport-ips", "ipv4_addr", [...options.nodeIPs]));
  lines.push(
    ...collection("map service-ips", "ipv4_addr . inet_proto . inet_service : verdict", serviceIPs),
  );
  lines.push(
    ...collection("map service-nodeports", "inet_proto . inet_service : verdict", nodePorts),
  );
  lines.push(
    ...collection(
      "map no-endpoint-services",
      "ipv4_addr . inet_proto . inet_service : verdict",
      noEndpointServices,
    ),
    ...collection(
      "map no-endpoint-nodeports",
      "inet_proto . inet_service : verdict",
      noEndpointNodePorts,
    ),
    ...collection(
      "set hairpin-connections",
      "ipv4_addr . ipv4_addr . inet_proto . inet_service",
      [...hairpins],
    ),
  );
  lines.push(...baseChains(options), ...chains, "}");
  return lines.join("\n") + "\n";
}

function collection(head: string, type: string, elements: readonly string[]): string[] {
  const body = elements.length === 0 ? [] : [`    elements = { ${elements.join(", ")} }`];
  return [`  ${head} {`, `    type ${type}`, ...body, "  }"];
}

function baseChains(options: RulesetOptions): string[] {
  const destination = "ip daddr . meta l4proto . th dport";
  const unused = options.serviceCidrs.length === 0 ? [] : [
    `    ip daddr { ${options.serviceCidrs.join(", ")} } ip daddr != @cluster-ips drop`,
  ];
  const masquerade = options.clusterCidr === "" ? [] : [
    `    ip daddr @cluster-ips ip saddr != ${options.clusterCidr} jump mark-for-masquerade`,
  ];
  return [
    "  chain reject-chain {",
    "    reject",
    "  }",
    "  chain mark-for-masquerade {",
    `    meta mark set meta mark or ${MASQUERADE_MARK}`,
    "  }",
    "  chain services {",
    ...masquerade,
    `    ${destination} vmap @service-ips`,
    "    ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports",
    "  }",
    "  chain service-endpoints-check {",
    `    ${destination} vmap @no-endpoint-services`,
    "  }",
    "  chain nodeport-endpoints-check {",
    "    ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports",
    "  }",
    "  chain cluster-ips-check {",
    "    ip daddr @cluster-ips reject",
    ...unused,
    "  }",
    "  chain nat-prerouting {",
    "    type nat hook prerouting priority dstnat; policy accept;",
    "    jump services",
    "  }",
    "  chain nat-output {",
    "    type nat hook output priority -100; policy accept;",
    "    jump services",
    "  }",
    "  chain nat-postrouting {",
    "    type nat hook postrouting priority srcnat; policy accept;",
    "    ip saddr . ip daddr . meta l4proto . th dport @hairpin-connections masquerade",
    `    meta mark and ${MASQUERADE_MARK} == 0 return`,
    `    meta mark set meta mark xor ${MASQUERADE_MARK}`,
    "    masquerade fully-random",
    "  }",
    "  chain filter-input {",
    "    type filter hook input priority filter; policy accept;",
    "    ct state new jump nodeport-endpoints-check",
    "    ct state new jump service-endpoints-check",
    "  }",
    "  chain filter-forward {",
    "    type filter hook forward priority filter; policy accept;",
    "    ct state new jump service-endpoints-check",
    "    ct state new jump cluster-ips-check",
    "  }",
    "  chain filter-output {",
    "    type filter hook output priority filter; policy accept;",
    "    ct state new jump service-endpoints-check",
    "    ct state new jump cluster-ips-check",
    "  }",
  ];
}

/** Spreads connections over endpoints; with affinity a client first goes where it went before. */
function balanceChains(name: string, port: ServicePort, endpoints: readonly Endpoint[]): string[] {
  const proto = `meta l4proto ${port.protocol}`;
  if (port.affinitySeconds === undefined) {
    const targets = endpoints.map(({ address, port }, i) => `${i} : ${address} . ${port}`).join(
      ", ",
    );
    return [
      `  chain ${name} {`,
      `    ${proto} dnat ip to numgen random mod ${endpoints.length} map { ${targets} }`,
      "  }",
    ];
  }
  const lines: string[] = [];
  const seconds = port.affinitySeconds;
  endpoints.forEach(({ address, port }, i) => {
    lines.push(
      `  set affinity-${i}-${name} {`,
      "    type ipv4_addr",
      "    flags dynamic,timeout",
      `    timeout ${seconds}s`,
      "  }",
      `  chain endpoint-${i}-${name} {`,
      `    update @affinity-${i}-${name} { ip saddr }`,
      `    ${proto} dnat ip to ${address}:${port}`,
      "  }",
    );
  });
  lines.push(`  chain ${name} {`);
  endpoints.forEach((_, i) =>
    lines.push(`    ip saddr @affinity-${i}-${name} goto endpoint-${i}-${name}`)
  );
  const targets = endpoints.map((_, i) => `${i} : goto endpoint-${i}-${name}`).join(", ");
  lines.push(`    numgen random mod ${endpoints.length} vmap { ${targets} }`, "  }");
  return lines;
}

/** Traffic to a node port or an external address. Policy Local keeps the client's address and stays on this node. */
function externalChain(name: string, port: ServicePort, options: RulesetOptions): string[] {
  const lines = [`  chain external-${name} {`];
  if (!port.externalLocal) {
    lines.push("    jump mark-for-masquerade", `    goto service-${name}`);
  } else {
    // Pods and the node itself may use every endpoint: they did not come from outside.
    if (port.clusterEndpoints.length > 0) {
      if (options.clusterCidr !== "") {
        lines.push(`    ip saddr ${options.clusterCidr} goto service-${name}`);
      }
      lines.push("    fib saddr type local jump mark-for-masquerade");
      lines.push(`    fib saddr type local goto service-${name}`);
    }
    lines.push(port.localEndpoints.length > 0 ? `    goto local-${name}` : "    drop");
  }
  return [...lines, "  }"];
}

/** nft names take letters, digits, `/`, `_`, `.` and `-`; ids hold nothing else. */
function chainName(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9/._-]/g, "_");
}
