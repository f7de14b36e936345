import {
  type ClusterNetwork,
  DEFAULT_NETWORK,
  type RoleProcessOptions,
} from "../../cluster/mod.ts";
import type { Terminal } from "../command.ts";
import { type Flag, type ParsedFlags, UsageError } from "../flags.ts";

export const KUBECONFIG_FLAG: Flag = {
  name: "kubeconfig",
  kind: "text",
  value: "FILE",
  help: "how to reach the API server, and as whom",
};
export const VERBOSE_FLAG: Flag = {
  name: "verbose",
  short: "v",
  kind: "boolean",
  help: "log details",
};
export const ELECT_FLAG: Flag = {
  name: "leader-elect",
  kind: "boolean",
  help: "of several, let one work (true)",
};
export const CLUSTER_CIDR_FLAG: Flag = {
  name: "cluster-cidr",
  kind: "text",
  value: "CIDR,…",
  help: `the range of all pods (${DEFAULT_NETWORK.clusterCidrs.join(",")})`,
};
export const SERVICE_CIDR_FLAG: Flag = {
  name: "service-cluster-ip-range",
  kind: "text",
  value: "CIDR,…",
  help: `the range of Services (${DEFAULT_NETWORK.serviceCidrs.join(",")})`,
};
export const DOMAIN_FLAG: Flag = {
  name: "cluster-domain",
  kind: "text",
  value: "NAME",
  help: `the cluster's DNS domain (${DEFAULT_NETWORK.domain})`,
};
export const NODE_FLAG: Flag = {
  name: "hostname-override",
  kind: "text",
  value: "NAME",
  help: "the node's name (this machine's)",
};

/** What all roles are started with. */
export function roleProcessOptions(flags: ParsedFlags, terminal: Terminal): RoleProcessOptions {
  if (flags.args.length > 0) throw new UsageError(`unknown argument ${flags.args[0]}`);
  const kubeconfig = flags.text("kubeconfig") ?? terminal.environment("KUBECONFIG");
  if (kubeconfig === undefined || kubeconfig === "") {
    throw new UsageError("--kubeconfig is required");
  }
  return {
    kubeconfig,
    network: networkOf(flags),
    log: (line) => terminal.tell(line),
    verbose: flags.is("verbose"),
  };
}

/** The network as the flags have it. Pure. */
export function networkOf(flags: ParsedFlags): ClusterNetwork {
  return {
    ...DEFAULT_NETWORK,
    ...list(flags, "cluster-cidr", "clusterCidrs"),
    ...list(flags, "service-cluster-ip-range", "serviceCidrs"),
    ...(flags.text("cluster-domain") === undefined
      ? {}
      : { domain: flags.text("cluster-domain")! }),
  };
}

/** The node's name as the flags have it, or the machine's. */
export function nodeNameOf(flags: ParsedFlags): string {
  return flags.text("hostname-override") ?? Deno.hostname().toLowerCase();
}

function list(flags: ParsedFlags, flag: string, member: string): Record<string, string[]> {
  const text = flags.text(flag);
  return text === undefined ? {} : { [member]: text.split(",") };
}
