import { CORACLE_VERSION, KUBERNETES_VERSION } from "../cluster/mod.ts";
import { type Command, OUTPUT_FLAG } from "./command.ts";

/** `coracle version`. */
export const version: Command = {
  name: "version",
  usage: "[flags]",
  summary: "print versions",
  flags: [OUTPUT_FLAG],
  run(flags, terminal) {
    const versions = {
      coracle: CORACLE_VERSION,
      kubernetes: KUBERNETES_VERSION,
      deno: Deno.version.deno,
    };
    terminal.print(
      flags.text("output") === "json"
        ? JSON.stringify(versions)
        : `coracle ${versions.coracle}, Kubernetes ${versions.kubernetes}, Deno ${versions.deno}`,
    );
    return Promise.resolve(0);
  },
};
