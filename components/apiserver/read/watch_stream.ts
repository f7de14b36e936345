import { type Negotiated, PROTOBUF_TYPE } from "../negotiation/mod.ts";
import type { Watcher, WatchOutput } from "./watcher.ts";

/** Written, but not yet taken by the connection. */
const STREAM_BUFFER_BYTES = 256 * 1024;

/** A watch as the body of an answer: one line an event. */
export function watchResponse(watcher: Watcher, negotiated: Negotiated): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const output: WatchOutput = {
        get room() {
          return controller.desiredSize ?? 0;
        },
        write: (frames) => controller.enqueue(frames.whole),
        close() {
          try {
            controller.close();
          } catch {
            // The client was first.
          }
        },
      };
      watcher.start(output);
    },
    pull: () => watcher.pump(),
    cancel: () => watcher.end(),
  }, new ByteLengthQueuingStrategy({ highWaterMark: STREAM_BUFFER_BYTES }));
  const type = negotiated.stream || negotiated.mediaType === PROTOBUF_TYPE
    ? `${negotiated.mediaType};stream=watch`
    : negotiated.mediaType;
  return new Response(body, {
    headers: { "content-type": type, "cache-control": "no-cache, private" },
  });
}
