import { type ApiError, internalError } from "../../base/mod.ts";

/** No value that was written begins with it: neither JSON nor protobuf does. */
const MARK = 0;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Stands for a value that could not be opened. It lies in caches like any other, and tells when it is read. */
export function brokenValue(key: string, error: unknown): Uint8Array {
  const why = error instanceof Error ? error.message : String(error);
  const text = encoder.encode(`unable to transform key ${JSON.stringify(key)}: ${why}`);
  const value = new Uint8Array(text.length + 1);
  value[0] = MARK;
  value.set(text, 1);
  return value;
}

/** What is wrong with a value; undefined where nothing is. */
export function failureOf(value: Uint8Array): ApiError | undefined {
  return value[0] === MARK ? internalError(decoder.decode(value.subarray(1))) : undefined;
}
