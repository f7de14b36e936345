import { stopCluster } from "../cluster/mod.ts";
import { type Command, DATA_FLAG } from "./command.ts";
import { layoutOf } from "./data.ts";
import { leftText } from "./left.ts";

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
    const keepContainers = flags.is("keep-containers");
    const { running, left } = await stopCluster(layout, { keepContainers });
    terminal.print(
      running !== undefined
        ? `Cluster in ${layout.root} stopped.`
        : left.length === 0
        ? `No cluster runs in ${layout.root}.`
        : keepContainers
        ? `No cluster runs in ${layout.root}; left running: ${leftText(left)}.`
        : `No cluster ran in ${layout.root}; ended what was left running: ${leftText(left)}.`,
    );
    return 0;
  },
};
