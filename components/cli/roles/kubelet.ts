import { nodeNames, startHollowProcess } from "../../cluster/mod.ts";
import type { Command } from "../command.ts";
import { UsageError } from "../flags.ts";
import {
  KUBECONFIG_FLAG,
  NODE_FLAG,
  nodeNameOf,
  roleProcessOptions,
  VERBOSE_FLAG,
} from "./role_flags.ts";
import { runRole } from "./run_role.ts";

const HOLLOW_NODES_MAXIMUM = 5000;

/** `coracle kubelet`: hollow kubelets alone; one on Podman is `coracle node`, inside its namespaces. */
export const kubelet: Command = {
  name: "kubelet",
  usage: "--kubeconfig FILE --runtime hollow [flags]",
  summary: "run hollow kubelets alone (those on Podman are started by up, as node)",
  flags: [
    KUBECONFIG_FLAG,
    NODE_FLAG,
    { name: "runtime", kind: "text", value: "NAME", choices: ["hollow"], help: "hollow" },
    {
      name: "nodes",
      kind: "number",
      value: "N",
      help: "how many, named node-1 and so on; without it one",
    },
    VERBOSE_FLAG,
  ],
  run: (flags, terminal) => {
    if (flags.text("runtime") !== "hollow") throw new UsageError("--runtime hollow is required");
    const count = flags.number("nodes");
    if (count !== undefined && (count < 1 || count > HOLLOW_NODES_MAXIMUM)) {
      throw new UsageError(
        `invalid argument "${count}" for "--nodes" flag: must be from 1 to ${HOLLOW_NODES_MAXIMUM}`,
      );
    }
    return runRole(terminal, () =>
      startHollowProcess({
        ...roleProcessOptions(flags, terminal),
        names: count === undefined ? [nodeNameOf(flags)] : nodeNames(count),
      }));
  },
};
