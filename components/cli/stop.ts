import { stopCluster } from "../cluster/mod.ts";
import { type Command, DATA_FLAG } from "./command.ts";
import { layoutOf } from "./data.ts";

/** `coracle stop`: ends everything, in order. */
export const stop: Command = {
  name: "stop",
  usage: "[flags]",
  summary: "end the cluster; what it holds stays",
  flags: [
    DATA_FLAG,
    {
      name: "keep-containers",
      kind: "boolean",
      help: "leave the nodes' containers running; the next start adopts them",
    },
  ],
  async run(flags, terminal) {
    const layout = layoutOf(flags, terminal);
    const ended = await stopCluster(layout, { keepContainers: flags.is("keep-containers") });
    terminal.print(
      ended === undefined
        ? `No cluster runs in ${layout.root}.`
        : `Cluster in ${layout.root} stopped.`,
    );
    return 0;
  },
};
