import { type DataLayout, dataLayout, defaultDataDirectory } from "../cluster/mod.ts";
import type { Terminal } from "./command.ts";
import type { ParsedFlags } from "./flags.ts";

/** The data directory that a command is about, as an absolute path. */
export function layoutOf(flags: ParsedFlags, terminal: Terminal): DataLayout {
  const given = flags.text("data-dir") ?? terminal.environment("CORACLE_DATA_DIR");
  const directory = given ??
    defaultDataDirectory(terminal.uid, (name) => terminal.environment(name));
  const absolute = directory.startsWith("/") ? directory : `${Deno.cwd()}/${directory}`;
  return dataLayout(
    absolute.length > 1 && absolute.endsWith("/") ? absolute.slice(0, -1) : absolute,
  );
}
