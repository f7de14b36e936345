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
): AsyncGenerator<WatchEvent<T>> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
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

function parseEvent<T extends KubeObject>(line: string): WatchEvent<T> {
  const event = JSON.parse(line) as { type: string; object: unknown };
  if (event.type === "ERROR") throw ApiError.fromStatus(event.object as Status);
  return event as WatchEvent<T>;
}
