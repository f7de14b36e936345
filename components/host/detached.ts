import { ProgramError, programPath } from "./program.ts";
import { type ProcessIdentity, processIdentity } from "./processes.ts";

export interface DetachedOptions {
  /** Where its output is appended; made when absent, readable by its owner only. */
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Starts a program in a session of its own that outlives this process: nobody's terminal, no pipe to us, its output
 * in a file. Resolves as soon as it runs; whether it came up is the caller's to find out.
 */
export async function spawnDetached(
  program: string,
  args: readonly string[],
  options: DetachedOptions,
): Promise<ProcessIdentity> {
  // The shell opens the log and becomes setsid, which becomes the program: one process id all along.
  const child = new Deno.Command("/bin/sh", {
    args: [
      "-c",
      'umask 077; exec </dev/null >>"$0" 2>&1; umask 022; exec setsid "$@"',
      options.logFile,
      program,
      ...args,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
    env: { PATH: programPath(), ...options.env },
  }).spawn();
  // Not waited for, but reaped while we live; afterwards the reaper of its namespace does.
  child.unref();
  const identity = await processIdentity(child.pid);
  if (identity === undefined) {
    throw new ProgramError(program, undefined, "it ended at once; see " + options.logFile);
  }
  return identity;
}

/** The last lines of a log file, for an error message; empty when it cannot be read. */
export async function logTail(path: string, maximumCharacters = 1_000): Promise<string> {
  try {
    return (await Deno.readTextFile(path)).slice(-maximumCharacters).trim();
  } catch {
    return "";
  }
}
