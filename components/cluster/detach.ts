import { type Clock, sleep, systemClock } from "../base/mod.ts";
import { isAlive, logTail, spawnDetached } from "../host/mod.ts";
import { type DataLayout, detachedOutput, refuseOthersFiles } from "./data_directory.ts";
import { type Instance, readInstance } from "./instance.ts";
import { discardLogs, findPlace } from "./new_cluster.ts";
import { StartError } from "./start_error.ts";

const POLL_MILLISECONDS = 20;

/** What of this program runs again, where that is sources: all of it, or as much as a node needs. */
const MAIN_MODULES = { whole: "../../mod.ts", node: "./node_main.ts" } as const;

/** The words that run this program again; `engineFlags` go to Deno where that is a program of its own. */
export function selfCommand(
  args: readonly string[],
  part: keyof typeof MAIN_MODULES = "whole",
  ...engineFlags: string[]
): { program: string; args: string[] } {
  const program = Deno.execPath();
  if (Deno.build.standalone) return { program, args: [...args] };
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const main = new URL(MAIN_MODULES[part], import.meta.url).pathname;
  return {
    program,
    args: ["run", "-A", "--quiet", ...engineFlags, "--config", config, main, ...args],
  };
}

/**
 * Runs `up` in a session of its own and waits until its cluster is ready. Rejects with `StartError` and what it
 * said when it ends before.
 */
export async function upDetached(
  layout: DataLayout,
  args: readonly string[],
  clock: Clock = systemClock,
): Promise<Instance> {
  const { isMade } = await findPlace(layout);
  try {
    await Deno.mkdir(layout.root, { recursive: true, mode: 0o755 });
    await refuseOthersFiles(layout.root);
    await Deno.mkdir(layout.logs, { recursive: true, mode: 0o700 });
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(
      `cannot use ${layout.root}: ${error instanceof Error ? error.message : error}`,
    );
  }
  const logFile = detachedOutput(layout);
  await Deno.writeTextFile(logFile, "", { mode: 0o600 });
  const command = selfCommand(args);
  const process = await spawnDetached(command.program, command.args, { logFile });
  for (;;) {
    const instance = await readInstance(layout);
    if (instance?.process.pid === process.pid && instance.state === "ready") return instance;
    if (!await isAlive(process)) {
      const problem = lastError(await logTail(logFile));
      if (problem === undefined) throw new StartError(`it ended at once; see ${logFile}`);
      await discardLogs(layout, isMade);
      throw new StartError(problem);
    }
    await sleep(clock, POLL_MILLISECONDS);
  }
}

/** What the last line that tells of an error says. Pure. */
function lastError(output: string): string | undefined {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  const last = lines.findLast((line) => line.startsWith("Error: ")) ?? lines.at(-1);
  return last?.replace(/^Error: /, "");
}
