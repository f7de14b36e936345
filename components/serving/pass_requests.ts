import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock, Timer } from "../base/mod.ts";
import type { RequestStream } from "./request_stream.ts";

/** A client that has not said a head to its end by then is left; upstream's limit. */
export const HEAD_TIMEOUT_MILLISECONDS = 32_000;

export interface PassedConnection {
  readonly socket: Duplex;
  /** The server that answers ordinary requests. */
  readonly upstream: Socket;
  readonly requests: RequestStream;
  readonly clock: Clock;
}

/**
 * Passes an HTTP/1.1 client's requests on, `head` first, up to one that wants the connection for itself, if there ever
 * is one: `leave` gets its head, and the socket paused.
 */
export function passRequests(
  { socket, upstream, requests, clock }: PassedConnection,
  head: Buffer,
  leave: (bytes: Buffer) => void,
): void {
  let timer: Timer | undefined;
  const stopTimer = () => {
    timer?.cancel();
    timer = undefined;
  };
  const take = (bytes: Buffer) => {
    const { pass, upgrade } = requests.push(bytes);
    if (!requests.inHead) stopTimer();
    else timer ??= clock.after(HEAD_TIMEOUT_MILLISECONDS, () => socket.destroy());
    const full = pass.length > 0 && !upstream.write(pass);
    if (upgrade !== undefined) {
      socket.off("data", take);
      socket.off("close", stopTimer);
      socket.pause();
      return leave(upgrade);
    }
    if (!full) return;
    socket.pause();
    upstream.once("drain", () => socket.resume());
  };
  socket.on("close", stopTimer);
  socket.on("data", take);
  take(head);
  socket.resume();
}
