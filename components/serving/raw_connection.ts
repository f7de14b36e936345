import type { Buffer } from "node:buffer";
import { Socket } from "node:net";
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
 * The connection of a request as plain bytes, with nothing said on it: the answer is for the taker to write. Undefined
 * as below.
 */
export function takeSilently(request: Request): PausablePipe | undefined {
  const offer = OFFERS.get(request);
  if (offer === undefined || offer.taken) return undefined;
  offer.taken = true;
  return socketPipe(offer.socket, offer.head);
}

/** What a handler answers once it has taken the connection: the door lets it be. */
export const TAKEN_STATUS = 101;

/**
 * Takes a request's connection over, as `Deno.upgradeWebSocket` does for WebSockets: the answer 101 goes out at once,
 * and what is sent and received from then on are plain bytes. Undefined where the connection cannot be had: the request
 * came over HTTP/2, from within this process, or was not the first of its connection.
 */
export function takeConnection(
  request: Request,
  headers: Iterable<readonly [string, string]>,
): { readonly pipe: PausablePipe; readonly response: Response } | undefined {
  const pipe = takeSilently(request);
  if (pipe === undefined) return undefined;
  let text = "HTTP/1.1 101 Switching Protocols\r\n";
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  pipe.send(new TextEncoder().encode(`${text}\r\n`));
  return { pipe, response: new Response(null, { status: TAKEN_STATUS }) };
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
      leave(socket);
      end();
    },
  };
}

/**
 * Says all that was sent, then hangs up. A socket that a client opened is gone when the client has hung up too: closed
 * before, what the client still says would reset it, and it might lose what it has not read.
 */
function leave(socket: Duplex): void {
  if (socket.destroyed) return;
  socket.removeAllListeners("data");
  socket.end();
  socket.resume();
  if (socket instanceof Socket) return;
  if (socket.writableFinished) socket.destroy();
  else socket.once("finish", () => socket.destroy());
}
