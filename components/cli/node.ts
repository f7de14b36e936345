import { loadNode } from "../cluster/mod.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./flags.ts";

/** `coracle node`: one node, inside its namespaces; started by `up`. */
export const node: Command = {
  name: "node",
  usage: "--config FILE",
  summary: "run one node inside its namespaces (started by up)",
  flags: [{ name: "config", kind: "text", value: "FILE", help: "the node's configuration" }],
  async run(flags, terminal) {
    const path = flags.text("config");
    if (path === undefined || path === "") throw new UsageError("--config is required");
    const { runNode } = await loadNode();
    await runNode(path, terminal);
    return 0;
  },
};
