import { clusterStatus } from "../cluster/mod.ts";
import { type Command, DATA_FLAG, OUTPUT_FLAG } from "./command.ts";
import { layoutOf } from "./data.ts";
import { leftText } from "./left.ts";

/** `coracle status`: what runs, and whether it is well. Exit code 3 when nothing does, as systemctl. */
export const status: Command = {
  name: "status",
  usage: "[flags]",
  summary: "say what runs and whether it is well",
  flags: [DATA_FLAG, OUTPUT_FLAG],
  async run(flags, terminal) {
    const layout = layoutOf(flags, terminal);
    const found = await clusterStatus(layout);
    if (flags.text("output") === "json") {
      terminal.print(JSON.stringify(found));
    } else if (found.state === "stopped") {
      terminal.print(`No cluster runs in ${layout.root}.`);
      if (found.left.length > 0) {
        terminal.print(
          `Left running: ${leftText(found.left)}; up goes on with them, stop ends them.`,
        );
      }
    } else {
      terminal.print(`state    ${found.state}`);
      terminal.print(`server   ${found.server} (process ${found.pid})`);
      terminal.print(`data     ${layout.root}`);
      terminal.print(`runtime  ${found.runtime}`);
      for (const problem of found.problems) terminal.print(`problem  ${problem}`);
      for (const node of found.nodes) {
        terminal.print(
          `node     ${node.name}  ${node.isReady ? "Ready" : "NotReady"}  ${node.pods} pods`,
        );
      }
    }
    return found.state === "ready" ? 0 : 3;
  },
};
