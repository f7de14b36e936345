import { type MessagePipe, NORMAL_CLOSURE } from "../../serving/mod.ts";

const ZERO = 0x30;
/** Messages that may wait for a receiver to be set. */
const EARLY_MESSAGES_MAXIMUM = 1024;
const CHUNK_BYTES = 8192;

/**
 * A client's socket of the base64 protocols as a pipe of binary messages: the channel is a digit there, and the rest
 * is base64. A message that is neither closes the socket.
 */
export function base64Pipe(socket: WebSocket): MessagePipe {
  let early: Uint8Array[] = [];
  let ended = false;
  let onMessage: ((message: Uint8Array) => void) | undefined;
  let onEnd: ((error?: Error) => void) | undefined;
  socket.onmessage = (event) => {
    const message = decodeMessage(event.data);
    if (message === undefined) socket.close();
    else if (onMessage !== undefined) onMessage(message);
    else if (early.length < EARLY_MESSAGES_MAXIMUM) early.push(message);
    else socket.close();
  };
  const end = () => {
    if (ended) return;
    ended = true;
    onEnd?.();
  };
  socket.onclose = end;
  socket.onerror = end;
  return {
    send(message) {
      if (socket.readyState === WebSocket.OPEN) socket.send(encodeMessage(message));
    },
    get buffered() {
      return socket.bufferedAmount;
    },
    receive(message, finished) {
      onMessage = message;
      onEnd = finished;
      for (const waiting of early) message(waiting);
      early = [];
      if (ended) finished();
    },
    close() {
      socket.close(NORMAL_CLOSURE);
    },
  };
}

/** `0aGk=` to channel 0 and its bytes; undefined for what is no such message. */
export function decodeMessage(data: unknown): Uint8Array | undefined {
  if (typeof data !== "string" || data === "") return undefined;
  const channel = data.charCodeAt(0) - ZERO;
  if (channel < 0 || channel > 9) return undefined;
  try {
    const text = atob(data.slice(1));
    const message = new Uint8Array(text.length + 1);
    message[0] = channel;
    for (let i = 0; i < text.length; i++) message[i + 1] = text.charCodeAt(i);
    return message;
  } catch {
    return undefined;
  }
}

export function encodeMessage(message: Uint8Array): string {
  let text = "";
  for (let from = 1; from < message.length; from += CHUNK_BYTES) {
    text += String.fromCharCode(...message.subarray(from, from + CHUNK_BYTES));
  }
  return String.fromCharCode(ZERO + (message[0] ?? 0)) + btoa(text);
}
