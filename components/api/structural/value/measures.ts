import type { JsonValue } from "../../../base/mod.ts";
import { compilePattern, type Pattern } from "../../regex/mod.ts";
import { isWhole } from "./numbers.ts";

/** What a schema calls the type of a value. */
export function typeOf(value: Exclude<JsonValue, null>): string {
  if (typeof value === "number") return isWhole(value) ? "integer" : "number";
  if (Array.isArray(value)) return "array";
  return typeof value;
}

/** Code points, which is what lengths count. */
export function characters(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    const code = text.charCodeAt(i);
    if (code < 0xd800 || code > 0xdbff) continue;
    const next = text.charCodeAt(i + 1);
    if (next >= 0xdc00 && next <= 0xdfff) {
      count--;
      i++;
    }
  }
  return count;
}

/** The pattern of a schema; undefined for one that is none, which matches nothing. */
export function compiled(source: string): Pattern | undefined {
  const pattern = compilePattern(source);
  return "error" in pattern ? undefined : pattern;
}
