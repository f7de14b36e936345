import { startSchedulerProcess } from "../../cluster/mod.ts";
import type { Command } from "../command.ts";
import { ELECT_FLAG, KUBECONFIG_FLAG, roleProcessOptions, VERBOSE_FLAG } from "./role_flags.ts";
import { runRole } from "./run_role.ts";

/** `coracle scheduler`: kube-scheduler alone. */
export const scheduler: Command = {
  name: "scheduler",
  usage: "--kubeconfig FILE [flags]",
  summary: "run kube-scheduler alone",
  flags: [KUBECONFIG_FLAG, ELECT_FLAG, VERBOSE_FLAG],
  run: (flags, terminal) =>
    runRole(terminal, (lost) =>
      startSchedulerProcess({
        ...roleProcessOptions(flags, terminal),
        leaderElect: flags.text("leader-elect") !== "false",
        lost,
      })),
};
