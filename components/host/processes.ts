import { type Clock, sleep } from "../base/mod.ts";

/** A process for good: process ids are used again, the time it started (in ticks since boot) is not. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

const POLL_MILLISECONDS = 10;

/** Who runs under this id now; undefined when nobody does, or only a zombie. */
export async function processIdentity(pid: number): Promise<ProcessIdentity | undefined> {
  const fields = await statFields(pid);
  if (fields === undefined || fields[0] === "Z" || fields[0] === "X") return undefined;
  return { pid, startTime: fields[19] ?? "" };
}

/** True while that very process runs, and not another that has its id now. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const now = await processIdentity(identity.pid);
  return now !== undefined && now.startTime === identity.startTime;
}

/** Sends a signal to that very process; false when it has ended. Throws when it may not. */
export async function signalProcess(
  identity: ProcessIdentity,
  signal: Deno.Signal,
): Promise<boolean> {
  if (!await isAlive(identity)) return false;
  try {
    Deno.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Resolves true once the process has ended, false when the time is over before. */
export async function processEnd(
  identity: ProcessIdentity,
  clock: Clock,
  timeoutMilliseconds: number,
): Promise<boolean> {
  const end = clock.monotonic() + timeoutMilliseconds;
  while (await isAlive(identity)) {
    if (clock.monotonic() >= end) return false;
    await sleep(clock, POLL_MILLISECONDS);
  }
  return true;
}

/** TERM, then, when `graceMilliseconds` are over, KILL. Resolves when it has ended. */
export async function endProcess(
  identity: ProcessIdentity,
  clock: Clock,
  graceMilliseconds: number,
): Promise<void> {
  if (graceMilliseconds > 0 && await signalProcess(identity, "SIGTERM")) {
    if (await processEnd(identity, clock, graceMilliseconds)) return;
  }
  if (await signalProcess(identity, "SIGKILL")) await processEnd(identity, clock, 5_000);
}

/**
 * Ends a command that was entered into a namespace: `outer` is the process that entered (nsenter), which passes no
 * signal on and ends with its child. Resolves when both have ended, so that another may take the command's place.
 */
export async function endEntered(
  outer: ProcessIdentity,
  clock: Clock,
  graceMilliseconds: number,
): Promise<void> {
  if (!await isAlive(outer)) return;
  for (const pid of await childProcesses(outer.pid)) {
    const child = await processIdentity(pid);
    if (child !== undefined) await endProcess(child, clock, graceMilliseconds);
  }
  await endProcess(outer, clock, graceMilliseconds);
}

/** Ids of the direct children of a process. */
export async function childProcesses(pid: number): Promise<number[]> {
  try {
    const text = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
    return text.split(" ").filter((part) => part !== "").map(Number);
  } catch {
    // A kernel without that file: ask everybody for their parent.
  }
  const children: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    const candidate = Number(name);
    if (!Number.isInteger(candidate)) continue;
    if ((await statFields(candidate))?.[1] === String(pid)) children.push(candidate);
  }
  return children;
}

/** The process's name as the kernel shows it (15 characters), and its id in its innermost pid namespace. */
export async function processName(
  pid: number,
): Promise<{ readonly name: string; readonly innerPid: number } | undefined> {
  let status: string;
  try {
    status = await Deno.readTextFile(`/proc/${pid}/status`);
  } catch {
    return undefined;
  }
  let name = "", innerPid = pid;
  for (const line of status.split("\n")) {
    if (line.startsWith("Name:")) name = line.slice(5).trim();
    else if (line.startsWith("NSpid:")) innerPid = Number(line.slice(6).trim().split("\t").at(-1));
  }
  return { name, innerPid };
}

/** The words that a process was started with; none where it has ended. */
export async function processWords(pid: number): Promise<string[]> {
  try {
    return (await Deno.readTextFile(`/proc/${pid}/cmdline`)).split("\0").slice(0, -1);
  } catch {
    return [];
  }
}

/** The fields of /proc/PID/stat after the name, from the state on. */
async function statFields(pid: number): Promise<string[] | undefined> {
  try {
    const text = await Deno.readTextFile(`/proc/${pid}/stat`);
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
