import type { JsonValue } from "../../base/mod.ts";
import { decodeAnyProtobuf, yamlLibrary } from "../../api/served.ts";

const decoder = new TextDecoder();

/** A body as JSON, whatever it was sent as; undefined for what is none. Pure. */
export function parseBody(bytes: Uint8Array, contentType: string | null): JsonValue | undefined {
  try {
    if (contentType?.startsWith("application/vnd.kubernetes.protobuf")) {
      return decodeAnyProtobuf(bytes);
    }
    const text = decoder.decode(bytes);
    return contentType?.includes("yaml") && !text.startsWith("{")
      ? yamlLibrary().parse(text, { maxAliasCount: 100 }) as JsonValue
      : JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
