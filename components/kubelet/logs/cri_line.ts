/** One line of a container's log as container runtimes write it: `<time> <stream> <P|F> <text>`. */
export interface CriLine {
  /** As written, RFC 3339 with nanoseconds. */
  readonly time: string;
  readonly stream: string;
  /** True when the container's line goes on in the next entry. */
  readonly partial: boolean;
  readonly text: Uint8Array;
}

const SPACE = 0x20;
const HEAD_MAXIMUM_BYTES = 80;

/** Reads an entry, without its newline. Undefined when it is none. Pure. */
export function parseCriLine(bytes: Uint8Array): CriLine | undefined {
  const first = bytes.indexOf(SPACE);
  const second = bytes.indexOf(SPACE, first + 1);
  if (first <= 0 || second < 0 || second > HEAD_MAXIMUM_BYTES) return undefined;
  const third = bytes.indexOf(SPACE, second + 1);
  const tagEnd = third < 0 ? bytes.length : third;
  const decoder = new TextDecoder();
  const tag = decoder.decode(bytes.subarray(second + 1, tagEnd));
  const [kind] = tag.split(":", 1);
  if (kind !== "P" && kind !== "F") return undefined;
  return {
    time: decoder.decode(bytes.subarray(0, first)),
    stream: decoder.decode(bytes.subarray(first + 1, second)),
    partial: kind === "P",
    text: third < 0 ? new Uint8Array() : bytes.subarray(third + 1),
  };
}
