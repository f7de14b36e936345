import { startControllerManagerProcess } from "../../cluster/mod.ts";
import type { Command } from "../command.ts";
import {
  CLUSTER_CIDR_FLAG,
  ELECT_FLAG,
  KUBECONFIG_FLAG,
  roleProcessOptions,
  SERVICE_CIDR_FLAG,
  VERBOSE_FLAG,
} from "./role_flags.ts";
import { runRole } from "./run_role.ts";

/** `coracle controller-manager`: kube-controller-manager alone. */
export const controllerManager: Command = {
  name: "controller-manager",
  usage: "--kubeconfig FILE [flags]",
  summary: "run kube-controller-manager alone",
  flags: [
    KUBECONFIG_FLAG,
    ELECT_FLAG,
    CLUSTER_CIDR_FLAG,
    SERVICE_CIDR_FLAG,
    {
      name: "controllers",
      kind: "text",
      value: "NAME,…",
      help: "which run: names, * for all, -name to leave one out (*)",
    },
    {
      name: "pki-dir",
      kind: "text",
      value: "DIR",
      help: "the cluster's keys, for what it signs",
    },
    VERBOSE_FLAG,
  ],
  run: (flags, terminal) => {
    const controllers = flags.text("controllers")?.split(",");
    const pkiDirectory = flags.text("pki-dir");
    return runRole(terminal, (lost) =>
      startControllerManagerProcess({
        ...roleProcessOptions(flags, terminal),
        leaderElect: flags.text("leader-elect") !== "false",
        lost,
        ...(controllers === undefined ? {} : { controllers }),
        ...(pkiDirectory === undefined ? {} : { pkiDirectory }),
      }));
  },
};
