import { parseCriLine } from "./cri_line.ts";

const BLOCK_BYTES = 32 * 1024;
const NEWLINE = 0x0a;

/** Where in a file its last `lines` lines begin. A last line without a newline counts. */
export async function tailOffset(file: Deno.FsFile, lines: number): Promise<number> {
  const { size } = await file.stat();
  if (lines === 0) return size;
  const buffer = new Uint8Array(BLOCK_BYTES);
  let left = lines + 1;
  // The newline at the very end ends a line and begins none.
  let end = size;
  while (end > 0) {
    const begin = Math.max(0, end - BLOCK_BYTES);
    const length = await readAt(file, buffer.subarray(0, end - begin), begin);
    for (let i = length - 1; i >= 0; i--) {
      if (buffer[i] !== NEWLINE) {
        if (end === size && i === length - 1) left--;
        continue;
      }
      if (--left === 0) return begin + i + 1;
    }
    end = begin;
  }
  return 0;
}

/** Reads from a place in a file until the buffer is full or the file ends. */
export async function readAt(
  file: Deno.FsFile,
  buffer: Uint8Array,
  offset: number,
): Promise<number> {
  await file.seek(offset, Deno.SeekMode.Start);
  let length = 0;
  while (length < buffer.length) {
    const read = await file.read(buffer.subarray(length));
    if (read === null) break;
    length += read;
  }
  return length;
}

/** The text of the last lines of a log, at most so many bytes of it. */
export async function logTail(
  path: string,
  lines: number,
  maximumBytes: number,
): Promise<string | undefined> {
  try {
    using file = await Deno.open(path);
    const { size } = await file.stat();
    // An entry's head is longer than nothing: this much holds all that can be shown.
    const from = Math.max(await tailOffset(file, lines), size - maximumBytes * 4);
    const bytes = new Uint8Array(size - from);
    const length = await readAt(file, bytes, from);
    let text = "";
    for (const line of splitLines(bytes.subarray(0, length))) {
      const entry = parseCriLine(line);
      if (entry === undefined) continue;
      text += new TextDecoder().decode(entry.text) + (entry.partial ? "" : "\n");
    }
    return text.slice(-maximumBytes);
  } catch {
    return undefined;
  }
}

function* splitLines(bytes: Uint8Array): Generator<Uint8Array> {
  let from = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
    yield bytes.subarray(from, at);
    from = at + 1;
  }
}
