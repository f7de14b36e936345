import { parseCriLine } from "./cri_line.ts";
import type { LogOptions } from "./log_options.ts";
import { readAt, tailOffset } from "./log_tail.ts";

const BLOCK_BYTES = 64 * 1024;
/** Runtimes cut entries at 16 KiB; a file with longer ones was not written by one. */
const LINE_MAXIMUM_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** The container whose log is followed. */
export interface LogOwner {
  running(): boolean;
  /** Resolves when something about the pod's containers may have changed. */
  changed(): Promise<void>;
}

/**
 * A container's log as text: the chosen part of the file, then, when followed, what is added while the container
 * runs. A file that was cut short (rotated) is read on from its beginning. Ends early when the reader goes.
 */
export function logStream(
  path: string,
  options: LogOptions,
  owner: LogOwner,
): ReadableStream<Uint8Array> {
  const abort = new AbortController();
  const lines = readLog(path, options, owner, abort.signal);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await lines.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      abort.abort();
      await lines.return(undefined);
    },
  });
}

async function* readLog(
  path: string,
  options: LogOptions,
  owner: LogOwner,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  using file = await Deno.open(path);
  // Before the first read: what is written after it is noticed.
  using changes = options.follow ? watchFile(path, owner, signal) : undefined;
  let offset = options.tailLines === undefined ? 0 : await tailOffset(file, options.tailLines);
  let left = options.limitBytes ?? Infinity;
  let rest: Uint8Array = new Uint8Array();
  const buffer = new Uint8Array(BLOCK_BYTES);
  const format = new LineFormat(options);
  while (left > 0 && !signal.aborted) {
    // Asked before reading: what a container wrote before it ended is in the file by then.
    const running = owner.running();
    const next = changes?.next();
    const length = await readAt(file, buffer, offset);
    if (length === 0) {
      if (!options.follow || !running || next === undefined) return;
      await next;
      const { size } = await file.stat();
      if (size < offset) {
        offset = 0;
        rest = new Uint8Array();
      }
      continue;
    }
    offset += length;
    const [text, remainder] = format.entries(concat(rest, buffer.subarray(0, length)));
    rest = remainder;
    if (text.length === 0) continue;
    yield text.subarray(0, Math.min(text.length, left));
    left -= text.length;
  }
}

/** Turns entries into what the reader asked for. */
class LineFormat {
  readonly #options: LogOptions;
  #midLine = false;

  constructor(options: LogOptions) {
    this.#options = options;
  }

  /** The text of all whole entries in `data`, and the bytes of the one that is not whole yet. */
  entries(data: Uint8Array): [Uint8Array, Uint8Array] {
    const parts: Uint8Array[] = [];
    let from = 0;
    for (let at = data.indexOf(NEWLINE); at >= 0; at = data.indexOf(NEWLINE, from)) {
      this.#entry(data.subarray(from, at), parts);
      from = at + 1;
    }
    const rest = data.length - from > LINE_MAXIMUM_BYTES ? new Uint8Array() : data.slice(from);
    return [concat(...parts), rest];
  }

  #entry(bytes: Uint8Array, parts: Uint8Array[]): void {
    const entry = parseCriLine(bytes);
    if (entry === undefined) return;
    const { since, timestamps } = this.#options;
    if (since !== undefined && Date.parse(entry.time) < since) return;
    if (timestamps && !this.#midLine) parts.push(new TextEncoder().encode(`${entry.time} `));
    parts.push(entry.text);
    if (!entry.partial) parts.push(new Uint8Array([NEWLINE]));
    this.#midLine = entry.partial;
  }
}

/** Wakes on writes to the file and on changes of its container. */
function watchFile(
  path: string,
  owner: LogOwner,
  signal: AbortSignal,
): { next(): Promise<void>; [Symbol.dispose](): void } {
  const watcher = Deno.watchFs(path, { recursive: false });
  let wake = Promise.withResolvers<void>();
  let ended = false;
  const fire = () => {
    wake.resolve();
    wake = Promise.withResolvers();
  };
  (async () => {
    for await (const event of watcher) if (event.kind !== "access") fire();
  })().catch(() => fire());
  (async () => {
    while (!ended) {
      await owner.changed();
      fire();
    }
  })().catch(() => fire());
  signal.addEventListener("abort", fire, { once: true });
  return {
    next: () => wake.promise,
    [Symbol.dispose]() {
      ended = true;
      watcher.close();
      fire();
    },
  };
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
