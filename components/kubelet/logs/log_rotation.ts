import { type Clock, type Logger, sleep } from "../../base/mod.ts";
import { quantityValue } from "../quantity.ts";
import type { ContainerState } from "../runtime.ts";

export interface LogRotationOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maximumSize: string;
  /** Files of one container instance, the one being written included. */
  readonly maximumFiles: number;
  readonly intervalSeconds: number;
  containers(): readonly ContainerState[];
}

/**
 * Keeps the logs of running containers bounded: a file over its size is copied aside and cut to nothing. The runtime
 * goes on writing to the same file, which it has open for appending; what it writes between the copy and the cut is
 * lost, as it is with every log that is rotated so.
 */
export async function rotateLogs(options: LogRotationOptions, signal: AbortSignal): Promise<void> {
  const maximumBytes = quantityValue(options.maximumSize);
  while (!signal.aborted) {
    await sleep(options.clock, options.intervalSeconds * 1000, signal).catch(() => {});
    if (signal.aborted) return;
    for (const { logPath, state } of options.containers()) {
      if (state !== "running" || logPath === "") continue;
      try {
        const { size } = await Deno.stat(logPath);
        if (size > maximumBytes) await rotate(logPath, options);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) continue;
        options.logger.warn("cannot rotate a log", { path: logPath, error: String(error) });
      }
    }
  }
}

async function rotate(path: string, options: LogRotationOptions): Promise<void> {
  const stamp = new Date(options.clock.now()).toISOString().slice(0, 19)
    .replaceAll("-", "").replaceAll(":", "").replace("T", "-");
  await Deno.copyFile(path, `${path}.${stamp}`);
  await Deno.truncate(path, 0);
  const slash = path.lastIndexOf("/");
  const directory = path.slice(0, slash);
  const prefix = `${path.slice(slash + 1)}.`;
  const old: string[] = [];
  for await (const { name } of Deno.readDir(directory)) {
    if (name.startsWith(prefix)) old.push(name);
  }
  old.sort();
  const kept = Math.max(0, options.maximumFiles - 1);
  for (const name of old.slice(0, Math.max(0, old.length - kept))) {
    await Deno.remove(`${directory}/${name}`);
  }
}
