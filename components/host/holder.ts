import { type Clock, sleep } from "../base/mod.ts";
import { logTail, spawnDetached } from "./detached.ts";
import {
  childProcesses,
  endProcess,
  type ProcessIdentity,
  processIdentity,
  processName,
} from "./processes.ts";

/** The reaper that is the first process of a namespace of ours. */
const REAPER = "catatonit";
const START_MILLISECONDS = 15_000;
const POLL_MILLISECONDS = 5;

/** A namespace's first process, and the one outside that started it. */
export interface Holder {
  /** As this process's pid namespace numbers it. */
  readonly holder: ProcessIdentity;
  readonly starter: ProcessIdentity;
}

export interface HolderOptions {
  readonly prefix: readonly string[];
  /** Which namespaces to make, as flags of unshare(1). */
  readonly unshare: readonly string[];
  /** Shell text run as the first process before the reaper takes its place. */
  readonly setup: string;
  readonly arguments: readonly string[];
  readonly logFile: string;
  readonly clock: Clock;
}

/** Makes namespaces kept by a reaper that outlives us. Resolves when the set-up in them is done. */
export async function startHolder(options: HolderOptions): Promise<Holder> {
  const { clock, logFile } = options;
  const [program = "unshare", ...rest] = [
    ...options.prefix,
    "unshare",
    ...options.unshare,
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
    "--propagation",
    "private",
    "--",
    "/bin/sh",
    "-c",
    `set -e\n${options.setup}\nexec ${REAPER} -P\n`,
    "coracle-node",
    ...options.arguments,
  ];
  const starter = await spawnDetached(program, rest, { logFile });
  const deadline = clock.monotonic() + START_MILLISECONDS;
  for (;;) {
    const pid = await findReaper(starter.pid);
    const holder = pid === undefined ? undefined : await processIdentity(pid);
    if (holder !== undefined) return { holder, starter };
    const late = clock.monotonic() > deadline;
    if (late || await processIdentity(starter.pid) === undefined) {
      await endProcess(starter, clock, 0);
      const why = late ? "it did not come up in time" : "it ended at once";
      throw new Error(`cannot make a node namespace: ${why}: ${await logTail(logFile)}`);
    }
    await sleep(clock, POLL_MILLISECONDS);
  }
}

/** Ends a namespace: the kernel kills everything in it with its first process. */
export async function endHolder({ holder, starter }: Holder, clock: Clock): Promise<void> {
  await endProcess(holder, clock, 0);
  await endProcess(starter, clock, 0);
}

/** Follows a chain of only children down to the reaper that is first in its pid namespace. */
async function findReaper(pid: number): Promise<number | undefined> {
  for (let next: number | undefined = pid; next !== undefined;) {
    const process = await processName(next);
    if (process === undefined) return undefined;
    if (process.name === REAPER && process.innerPid === 1) return next;
    next = (await childProcesses(next))[0];
  }
  return undefined;
}
