import { loadNode, readNodeConfiguration } from "../cluster/mod.ts";
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
    const { startNode } = await loadNode();
    const process = await startNode(await readNodeConfiguration(path));
    process.ready.catch((error) =>
      terminal.tell(`Error: ${error instanceof Error ? error.message : error}`)
    );
    if (!terminal.signal.aborted) {
      await new Promise<void>((resolve) =>
        terminal.signal.addEventListener("abort", () => resolve(), { once: true })
      );
    }
    await process.end();
    return 0;
  },
};
