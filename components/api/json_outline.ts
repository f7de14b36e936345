import type { JsonObject } from "../base/mod.ts";

const QUOTE = 0x22;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN = 0x7b;
/** Kept from one object to the next; a larger outline has room of its own. */
const KEPT_BYTES = 64 * 1024;

const decoder = new TextDecoder();
/** Used again by each: making an outline is never interrupted by another. */
const shared = new Uint8Array(KEPT_BYTES);

/**
 * An object without what is in its lists, which are empty: what is indexed by stands in none, and of most objects they
 * are the larger part. Undefined for what does not begin as a JSON object. Throws SyntaxError for what is none.
 */
export function jsonOutline(json: Uint8Array): JsonObject | undefined {
  if (json[0] !== OPEN) return undefined;
  const out = json.length <= KEPT_BYTES ? shared : new Uint8Array(json.length);
  let length = 0;
  let from = 0;
  const copyUntil = (end: number) => {
    out.set(json.subarray(from, end), length);
    length += end - from;
  };
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) at = endOfText(json, at);
    else if (byte === OPEN_LIST) {
      copyUntil(at + 1);
      at = from = endOfList(json, at);
    }
  }
  copyUntil(json.length);
  return JSON.parse(decoder.decode(out.subarray(0, length))) as JsonObject;
}

/** Where the last quote stands of the text that begins at `at`. */
function endOfText(json: Uint8Array, at: number): number {
  for (let next = at + 1; next < json.length; next++) {
    const byte = json[next];
    if (byte === QUOTE) return next;
    if (byte === BACKSLASH) next++;
  }
  return json.length;
}

/** Where the last bracket stands of the list that begins at `at`. */
function endOfList(json: Uint8Array, at: number): number {
  let depth = 0;
  for (let next = at; next < json.length; next++) {
    const byte = json[next];
    if (byte === QUOTE) next = endOfText(json, next);
    else if (byte === OPEN_LIST) depth++;
    else if (byte === CLOSE_LIST && --depth === 0) return next;
  }
  return json.length;
}
