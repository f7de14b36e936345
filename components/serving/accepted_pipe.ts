import { type MessagePipe, opened, type PipeCodec, webSocketPipe } from "./message_pipe.ts";
import type { PausablePipe } from "./raw_connection.ts";
import { takeWebSocket } from "./websocket_server.ts";
import { upgradeWebSocket } from "./web_socket_upgrade.ts";

const OFFERS = new WeakMap<Request, MessagePipe>();

/** For callers in the same process, where there is no socket to upgrade: what a WebSocket would carry, this pipe does. */
export function offerPipe(request: Request, pipe: MessagePipe): void {
  OFFERS.set(request, pipe);
}

/**
 * Accepts a request's upgrade to a WebSocket as a pipe, which may be used once `open` has resolved; that rejects for a
 * client that went before. Throws a TypeError for what is no such upgrade.
 */
export function acceptPipe(
  request: Request,
  protocol: string | undefined,
  codec?: PipeCodec,
): {
  readonly pipe: MessagePipe & Partial<PausablePipe>;
  readonly response: Response;
  readonly open: Promise<void>;
} {
  const offered = OFFERS.get(request);
  if (offered !== undefined) {
    const response = new Response(null, { status: 101 });
    return { pipe: offered, response, open: Promise.resolve() };
  }
  const taken = takeWebSocket(request, protocol, codec);
  if (taken !== undefined) return { ...taken, open: Promise.resolve() };
  const { socket, response } = upgradeWebSocket(request, protocol);
  return { pipe: webSocketPipe(socket, codec), response, open: opened(socket) };
}
