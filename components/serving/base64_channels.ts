import type { PipeCodec } from "./message_pipe.ts";

const ZERO = 0x30;
const CHUNK_BYTES = 8192;

/** Messages of the base64 protocols: the channel is a digit, and the rest is base64. */
export const BASE64_CHANNELS: PipeCodec = { decode: decodeMessage, encode: encodeMessage };

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
