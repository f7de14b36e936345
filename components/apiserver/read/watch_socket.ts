import { badRequest, type Clock, invariant } from "../../base/mod.ts";
import { upgradeWebSocket } from "../../serving/mod.ts";
import { type Negotiated, PROTOBUF_TYPE } from "../negotiation/mod.ts";
import type { Watcher } from "./watcher.ts";
import { upgradedSocket } from "../upgraded.ts";

/** Sent, but not yet taken by the connection: a WebSocket itself would take any amount. */
const SOCKET_BUFFER_BYTES = 256 * 1024;
/** A WebSocket does not say when it has sent something; a full one is asked this often. */
const DRAIN_POLL_MILLISECONDS = 20;
/** Carries a token, and speaks of no protocol. */
const BEARER_PREFIX = "base64url.bearer.authorization.k8s.io.";
const decoder = new TextDecoder();

/** A watch over a WebSocket: one message an event. */
export function watchSocket(
  request: Request,
  watcher: Watcher,
  negotiated: Negotiated,
  clock: Clock,
): Response {
  const opened = upgrade(request);
  const { socket } = opened;
  const binary = negotiated.mediaType === PROTOBUF_TYPE;
  let polling = false;
  const room = () => SOCKET_BUFFER_BYTES - socket.bufferedAmount;
  const poll = () => {
    if (polling || watcher.ended) return;
    polling = true;
    clock.after(DRAIN_POLL_MILLISECONDS, () => {
      polling = false;
      if (room() > 0) watcher.pump();
      else poll();
    });
  };
  socket.onopen = () => {
    watcher.start({
      get room() {
        return socket.readyState === WebSocket.OPEN ? room() : 0;
      },
      write({ list }) {
        for (const frame of list) {
          invariant(frame.length > 0, "a frame has bytes");
          if (socket.readyState !== WebSocket.OPEN) return;
          if (binary) socket.send(frame as Uint8Array<ArrayBuffer>);
          else socket.send(decoder.decode(frame.subarray(0, frame.length - 1)));
        }
        if (room() <= 0) poll();
      },
      close() {
        if (socket.readyState === WebSocket.OPEN) socket.close(1000);
      },
    });
  };
  socket.onclose = () => watcher.end();
  socket.onerror = () => watcher.end();
  return upgradedSocket(opened);
}

/** A client that offers protocols leaves if none is chosen; what is sent is the same in all of them. */
function upgrade(request: Request): Deno.WebSocketUpgrade {
  const [protocol = ""] = (request.headers.get("sec-websocket-protocol") ?? "").split(",")
    .map((each) => each.trim()).filter((each) => !each.startsWith(BEARER_PREFIX));
  try {
    return upgradeWebSocket(request, protocol === "" ? undefined : protocol);
  } catch (error) {
    throw badRequest(`unable to upgrade: ${error instanceof Error ? error.message : error}`);
  }
}
