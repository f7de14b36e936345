import { startProxyProcess } from "../../cluster/mod.ts";
import type { Command } from "../command.ts";
import {
  CLUSTER_CIDR_FLAG,
  KUBECONFIG_FLAG,
  NODE_FLAG,
  nodeNameOf,
  roleProcessOptions,
  SERVICE_CIDR_FLAG,
  VERBOSE_FLAG,
} from "./role_flags.ts";
import { runRole } from "./run_role.ts";

/** `coracle proxy`: kube-proxy alone, in the network it is started in. */
export const proxy: Command = {
  name: "proxy",
  usage: "--kubeconfig FILE [flags]",
  summary: "run kube-proxy alone",
  flags: [KUBECONFIG_FLAG, NODE_FLAG, CLUSTER_CIDR_FLAG, SERVICE_CIDR_FLAG, VERBOSE_FLAG],
  run: (flags, terminal) =>
    runRole(terminal, () =>
      startProxyProcess({
        ...roleProcessOptions(flags, terminal),
        nodeName: nodeNameOf(flags),
      })),
};
