/** Bytes as base64 text. */
export function encodeBase64(bytes: Uint8Array): string {
  return bytes.toBase64();
}

/** The bytes of a base64 text; throws SyntaxError where it is none. */
export function decodeBase64(text: string): Uint8Array {
  return Uint8Array.fromBase64(text);
}
