import { FramedPipe, webSocketAccept } from "./framed_pipe.ts";
import { BINARY_MESSAGES, type PipeCodec } from "./message_pipe.ts";
import { type PausablePipe, takeConnection } from "./raw_connection.ts";

const VERSION = "13";

/**
 * Accepts a request's upgrade to a WebSocket on the connection itself, as a pipe that can be paused. Undefined where
 * the connection cannot be had, and for what is no such upgrade: the runtime's own WebSocket is what there is then, or
 * says what is wrong.
 */
export function takeWebSocket(
  request: Request,
  protocol: string | undefined,
  codec: PipeCodec = BINARY_MESSAGES,
): { readonly pipe: PausablePipe; readonly response: Response } | undefined {
  const { headers, method } = request;
  const key = headers.get("sec-websocket-key");
  const isUpgrade = method === "GET" && key !== null &&
    headers.get("sec-websocket-version") === VERSION;
  if (!isUpgrade) return undefined;
  const taken = takeConnection(request, [
    ["Connection", "Upgrade"],
    ["Upgrade", "websocket"],
    ["Sec-WebSocket-Accept", webSocketAccept(key)],
    ...(protocol === undefined ? [] : [["Sec-WebSocket-Protocol", protocol] as const]),
  ]);
  if (taken === undefined) return undefined;
  const pipe = new FramedPipe(taken.pipe, "server", codec);
  pipe.start();
  // Nothing is read before somebody listens.
  pipe.pause();
  return { pipe, response: taken.response };
}
