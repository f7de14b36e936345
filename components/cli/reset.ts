import { authorityOf, resetCluster, withoutUserContext } from "../cluster/mod.ts";
import { type Command, DATA_FLAG } from "./command.ts";
import { layoutOf } from "./data.ts";

/** `coracle reset`: as if there had never been a cluster. */
export const reset: Command = {
  name: "reset",
  usage: "[flags]",
  summary: "end the cluster and remove everything it holds",
  flags: [DATA_FLAG],
  async run(flags, terminal) {
    const layout = layoutOf(flags, terminal);
    const authority = await authorityOf(layout.adminKubeconfig);
    const removed = await resetCluster(layout);
    await withoutUserContext(terminal.environment, authority);
    terminal.print(
      removed ? `Cluster in ${layout.root} removed.` : `There is no cluster in ${layout.root}.`,
    );
    return 0;
  },
};
