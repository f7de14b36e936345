import type { Terminal } from "../command.ts";

/** A role in this process, until the terminal's signal. */
interface RunningRole {
  readonly ready: Promise<void>;
  end(): Promise<void>;
}

/** Keeps a role running until it is asked to end, or may no longer. Answers the exit code. */
export async function runRole(
  terminal: Terminal,
  start: (lost: () => void) => Promise<RunningRole>,
): Promise<number> {
  const lost = Promise.withResolvers<void>();
  let hasLost = false;
  const role = await start(() => {
    hasLost = true;
    lost.resolve();
  });
  const failed = new Promise<never>((_resolve, reject) => role.ready.catch(reject));
  const ended = new Promise<void>((resolve) => {
    if (terminal.signal.aborted) resolve();
    terminal.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  try {
    await Promise.race([ended, lost.promise, failed]);
  } finally {
    await role.end();
  }
  return hasLost ? 1 : 0;
}
