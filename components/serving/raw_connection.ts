import type { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import type { MessagePipe } from "./message_pipe.ts";

/** A pipe whose source may be told to wait. */
export interface PausablePipe extends MessagePipe {
  pause(): void;
  resume(): void;
}

/** A connection that a request's handler may take over; only a door that reads upgrades by itself offers one. */
interface Offer {
  readonly socket: Duplex;
  /** What the client had sent behind its request. */
  readonly head: Buffer;
  taken: boolean;
}

const OFFERS = new WeakMap<Request, Offer>();

/** For doors: says that the request's connection may be taken over. */
export function offerConnection(request: Request, socket: Duplex, head: Buffer): () => boolean {
  const offer: Offer = { socket, head, taken: false };
  OFFERS.set(request, offer);
  return () => offer.taken;
}

/**
 * Takes a request's connection over, as `Deno.upgradeWebSocket` does for WebSockets: the answer 101 goes out at once,
 * and what is sent and received from then on are plain bytes. Undefined where the connection cannot be had: the request
 * came over HTTP/2, from within this process, or was not the first of its connection.
 */
export function takeConnection(
  request: Request,
  headers: Iterable<readonly [string, string]>,
): { readonly pipe: PausablePipe; readonly response: Response } | undefined {
  const offer = OFFERS.get(request);
  if (offer === undefined || offer.taken) return undefined;
  offer.taken = true;
  let text = "HTTP/1.1 101 Switching Protocols\r\n";
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  offer.socket.write(`${text}\r\n`);
  return {
    pipe: socketPipe(offer.socket, offer.head),
    response: new Response(null, { status: 101 }),
  };
}

/** A node socket's bytes as messages in any cut. It is read from once a receiver is set. */
export function socketPipe(socket: Duplex, head?: Buffer): PausablePipe {
  let ended: { error?: Error } | undefined;
  let onEnd: ((error?: Error) => void) | undefined;
  const end = (error?: Error) => {
    if (ended !== undefined) return;
    ended = error === undefined ? {} : { error };
    onEnd?.(error);
  };
  socket.pause();
  socket.on("error", end);
  socket.on("end", () => end());
  socket.on("close", () => end());
  return {
    send(message) {
      if (!socket.writableEnded && !socket.destroyed) socket.write(message);
    },
    get buffered() {
      return socket.writableLength;
    },
    receive(onMessage, finished) {
      onEnd = finished;
      if (head !== undefined && head.length > 0) onMessage(new Uint8Array(head));
      if (ended !== undefined) return finished(ended.error);
      socket.on("data", (bytes: Buffer) => onMessage(new Uint8Array(bytes)));
      socket.resume();
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close() {
      if (!socket.destroyed) socket.end();
      end();
    },
  };
}
