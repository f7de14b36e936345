import { importNodeImage, listNodeImages, loadNodeImages } from "../cluster/mod.ts";
import { type Command, DATA_FLAG, OUTPUT_FLAG } from "./command.ts";
import { layoutOf } from "./data.ts";
import { UsageError } from "./flags.ts";

/** `coracle image`: puts images onto the nodes without a registry. */
export const image: Command = {
  name: "image",
  usage: "import TAR NAME | load ARCHIVE | list [flags]",
  summary: "put images onto the nodes without a registry, or list them",
  flags: [DATA_FLAG, OUTPUT_FLAG],
  async run(flags, terminal) {
    const layout = layoutOf(flags, terminal);
    const [verb, first, second, ...more] = flags.args;
    if (verb === "import" && first !== undefined && second !== undefined && more.length === 0) {
      await importNodeImage(layout, first, second);
      terminal.print(`${second} is on the nodes.`);
    } else if (verb === "load" && first !== undefined && second === undefined) {
      for (const name of await loadNodeImages(layout, first)) {
        terminal.print(`${name} is on the nodes.`);
      }
    } else if (verb === "list" && first === undefined) {
      const nodes = await listNodeImages(layout);
      if (flags.text("output") === "json") terminal.print(JSON.stringify(nodes));
      else {
        for (const { node, images } of nodes) {
          for (const { id, repoTags, sizeBytes } of images) {
            const name = repoTags.length === 0 ? id : repoTags.join(", ");
            terminal.print(`${node}  ${name}  ${(sizeBytes / 1e6).toFixed(1)} MB`);
          }
        }
      }
    } else {
      throw new UsageError("image takes: import TAR NAME, load ARCHIVE, or list");
    }
    return 0;
  },
};
