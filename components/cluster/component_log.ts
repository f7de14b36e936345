import type { DataLayout } from "./data_directory.ts";

const SUFFIX = ".log";
const CHUNK_BYTES = 64 * 1024;

/** The components that have a log, by name. */
export async function logComponents(layout: DataLayout): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(layout.logs)) {
      if (name.endsWith(SUFFIX)) names.push(name.slice(0, -SUFFIX.length));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}

/** Shows the last lines of a log; answers where its end is. `component` must be one of `logComponents`. */
export async function logTail(
  layout: DataLayout,
  component: string,
  lines: number,
  show: (line: string) => void,
): Promise<number> {
  const text = await Deno.readTextFile(logPath(layout, component));
  const all = text.split("\n");
  if (all.at(-1) === "") all.pop();
  for (const line of lines === 0 ? [] : all.slice(-lines)) show(line);
  return new TextEncoder().encode(text).length;
}

/** Shows what is added after `offset`, across rotations, until the signal. */
export async function followLog(
  layout: DataLayout,
  component: string,
  offset: number,
  show: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const path = logPath(layout, component);
  const watcher = Deno.watchFs(layout.logs);
  const close = () => watcher.close();
  signal.addEventListener("abort", close, { once: true });
  let at = offset;
  let partial = "";
  const decoder = new TextDecoder();
  const read = async () => {
    const { size } = await Deno.stat(path).catch(() => ({ size: at }));
    if (size < at) at = 0;
    if (size === at) return;
    using file = await Deno.open(path);
    await file.seek(at, Deno.SeekMode.Start);
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
      at += count;
      partial += decoder.decode(buffer.subarray(0, count), { stream: true });
      const lines = partial.split("\n");
      partial = lines.pop() ?? "";
      for (const line of lines) show(line);
    }
  };
  if (signal.aborted) return close();
  await read();
  for await (const _ of watcher) await read();
}

function logPath(layout: DataLayout, component: string): string {
  return `${layout.logs}/${component}${SUFFIX}`;
}
