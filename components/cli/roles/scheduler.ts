import { loadScheduler } from "../../cluster/mod.ts";
import type { Command } from "../command.ts";
import { UsageError } from "../flags.ts";
import { ELECT_FLAG, KUBECONFIG_FLAG, roleProcessOptions, VERBOSE_FLAG } from "./role_flags.ts";
import { runRole } from "./run_role.ts";

/** `coracle scheduler`: kube-scheduler alone. */
export const scheduler: Command = {
  name: "scheduler",
  usage: "--kubeconfig FILE [flags]",
  summary: "run kube-scheduler alone",
  flags: [
    KUBECONFIG_FLAG,
    {
      name: "config",
      kind: "text",
      value: "FILE",
      help: "a KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1)",
    },
    {
      name: "plugin",
      kind: "text",
      value: "FILE,…",
      help:
        "modules with plugins of your own, in TypeScript or WebAssembly, that profiles may enable",
    },
    ELECT_FLAG,
    {
      name: "bind-address",
      kind: "text",
      value: "ADDRESS",
      help: "where the HTTPS port is opened (0.0.0.0)",
    },
    { name: "secure-port", kind: "number", help: "the HTTPS port (10259); 0 opens none" },
    { name: "tls-cert-file", kind: "text", value: "FILE", help: "its certificate" },
    { name: "tls-private-key-file", kind: "text", value: "FILE", help: "its key" },
    {
      name: "pod-max-in-unschedulable-pods-duration",
      kind: "text",
      value: "DURATION",
      help: "how long a pod waits for an event before it is tried anyway (5m)",
    },
    VERBOSE_FLAG,
  ],
  run: async (flags, terminal) => {
    const text = (name: string, member: string) => {
      const value = flags.text(name);
      return value === undefined ? {} : { [member]: value };
    };
    const port = flags.number("secure-port");
    if (port !== undefined && (port < 0 || port > 65535)) {
      throw new UsageError("--secure-port must be between 0 and 65535");
    }
    const elect = flags.text("leader-elect");
    const plugins = flags.text("plugin")?.split(",");
    const { startSchedulerProcess } = await loadScheduler();
    return await runRole(terminal, (lost) =>
      startSchedulerProcess({
        ...roleProcessOptions(flags, terminal),
        lost,
        flags: {
          ...text("config", "config"),
          ...text("bind-address", "bindAddress"),
          ...text("tls-cert-file", "tlsCertFile"),
          ...text("tls-private-key-file", "tlsPrivateKeyFile"),
          ...text("pod-max-in-unschedulable-pods-duration", "podMaxInUnschedulablePodsDuration"),
          ...(port === undefined ? {} : { securePort: port }),
          ...(elect === undefined ? {} : { leaderElect: elect !== "false" }),
          ...(plugins === undefined ? {} : { plugins }),
        },
      }));
  },
};
