import { type MessagePipe, NORMAL_CLOSURE } from "../../serving/mod.ts";

const BINARY = 0;
const TEXT = 1;
/** Messages that may wait for a receiver to be set. */
const EARLY_MESSAGES_MAXIMUM = 1024;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A socket of text and binary messages as a pipe: the first byte of a message says which it is. */
export function taggedPipe(socket: WebSocket): MessagePipe {
  socket.binaryType = "arraybuffer";
  let early: Uint8Array[] = [];
  let ended = false;
  let onMessage: ((message: Uint8Array) => void) | undefined;
  let onEnd: ((error?: Error) => void) | undefined;
  socket.onmessage = (event) => {
    const message = tagged(event.data as string | ArrayBuffer);
    if (onMessage !== undefined) onMessage(message);
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
      if (socket.readyState !== WebSocket.OPEN) return;
      const payload = message.subarray(1) as Uint8Array<ArrayBuffer>;
      socket.send(message[0] === TEXT ? decoder.decode(payload) : payload);
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

function tagged(data: string | ArrayBuffer): Uint8Array {
  const payload = typeof data === "string" ? encoder.encode(data) : new Uint8Array(data);
  const message = new Uint8Array(payload.length + 1);
  message[0] = typeof data === "string" ? TEXT : BINARY;
  message.set(payload, 1);
  return message;
}
