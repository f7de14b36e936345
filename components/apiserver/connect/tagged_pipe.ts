import { type MessagePipe, webSocketPipe } from "../../serving/mod.ts";

const BINARY = 0;
const TEXT = 1;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A socket of text and binary messages as a pipe: the first byte of a message says which it is. */
export function taggedPipe(socket: WebSocket): MessagePipe {
  return webSocketPipe(socket, {
    decode: (data) => tagged(data as string | ArrayBuffer),
    encode: (message) => {
      const payload = message.subarray(1);
      return message[0] === TEXT ? decoder.decode(payload) : payload;
    },
  });
}

function tagged(data: string | ArrayBuffer): Uint8Array {
  const payload = typeof data === "string" ? encoder.encode(data) : new Uint8Array(data);
  const message = new Uint8Array(payload.length + 1);
  message[0] = typeof data === "string" ? TEXT : BINARY;
  message.set(payload, 1);
  return message;
}
