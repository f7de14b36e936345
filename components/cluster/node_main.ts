/**
 * A node's process as a program of its own, `node_main.ts node --config FILE`: it loads nothing of the control plane,
 * which half of the memory of `mod.ts` is. Nodes that run are as many as one likes; control planes are few.
 */
import { readNodeConfiguration } from "./node_files.ts";
import { startNode } from "./node_process.ts";
import { plainMessage } from "./start_error.ts";

/** Runs the node that a configuration describes until it is asked to end. */
export async function runNode(
  path: string,
  { signal, tell }: { readonly signal: AbortSignal; tell(line: string): void },
): Promise<void> {
  const process = await startNode(await readNodeConfiguration(path));
  process.ready.catch((error) => tell(`Error: ${plainMessage(error)}`));
  if (!signal.aborted) {
    await new Promise<void>((resolve) =>
      signal.addEventListener("abort", () => resolve(), { once: true })
    );
  }
  await process.end();
}

if (import.meta.main) {
  const abort = new AbortController();
  const end = () => {
    if (abort.signal.aborted) Deno.exit(130);
    abort.abort(new Error("asked to end"));
  };
  Deno.addSignalListener("SIGINT", end);
  Deno.addSignalListener("SIGTERM", end);
  const tell = (line: string) => console.error(line);
  const [, , path = ""] = Deno.args;
  try {
    await runNode(path, { signal: abort.signal, tell });
    Deno.exit(0);
  } catch (error) {
    tell(`Error: ${plainMessage(error)}`);
    Deno.exit(1);
  }
}
