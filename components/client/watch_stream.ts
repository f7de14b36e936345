import { ApiError, type Status } from "../base/mod.ts";
import type { KubeObject } from "../api/mod.ts";

/** One event of a watch, as the wire has it. */
export interface WatchEvent<T extends KubeObject> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly object: T;
}

/** A line longer than this is not an event of an API server. */
const LINE_MAXIMUM_CHARACTERS = 16 * 1024 * 1024;

/** Reads newline-delimited watch events. An ERROR event throws its `ApiError`; the end of the body ends the iteration. */
export async function* watchEvents<T extends KubeObject>(
  body: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<WatchEvent<T>> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks(body, signal)) {
    const text = decoder.decode(chunk, { stream: true });
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      const line = rest === "" ? text.slice(from, end) : rest + text.slice(from, end);
      rest = "";
      from = end + 1;
      if (line.length > 0) yield parseEvent<T>(line);
    }
    rest += text.slice(from);
    if (rest.length > LINE_MAXIMUM_CHARACTERS) {
      throw new ApiError(500, "InternalError", "watch event too long");
    }
  }
}

/** The body's chunks. Over HTTP/2 the signal of a fetch does not end a body that is being read: it is cancelled here. */
async function* chunks(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  const cancel = () => void reader.cancel(signal?.reason).catch(() => {});
  if (signal?.aborted) cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    signal?.removeEventListener("abort", cancel);
    cancel();
  }
}

function parseEvent<T extends KubeObject>(line: string): WatchEvent<T> {
  const event = JSON.parse(line) as { type: string; object: unknown };
  if (event.type === "ERROR") throw ApiError.fromStatus(event.object as Status);
  return event as WatchEvent<T>;
}
