import { type Random, randomInteger } from "../../components/base/mod.ts";
import { pick } from "./random_object.ts";

const PIECES = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "\\u",
  "\\",
  "0",
  "-",
  "1e999",
  "null",
  "\n",
  "  ",
]
  .concat(["&a ", "*a", "!!binary ", "<<: ", "--- ", "? ", "\t", "\ufeff", "__proto__", "\ud800"])
  .map((text) => new TextEncoder().encode(text));

/** A copy with a few bytes flipped, cut, doubled, moved or put in. Some copies stay as they are. */
export function damage(random: Random, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  let result = bytes.slice();
  for (let times = randomInteger(random, 4); times > 0 && result.length > 0; times--) {
    const at = randomInteger(random, result.length);
    const to = Math.min(result.length, at + 1 + randomInteger(random, 40));
    switch (randomInteger(random, 6)) {
      case 0:
        result[at] = randomInteger(random, 256);
        break;
      case 1:
        result[at]! ^= 1 << randomInteger(random, 8);
        break;
      case 2:
        result = join(result.subarray(0, at), result.subarray(to));
        break;
      case 3:
        result = join(result.subarray(0, to), result.subarray(at));
        break;
      case 4:
        result = join(result.subarray(0, at), pick(random, PIECES), result.subarray(at));
        break;
      default:
        result = result.slice(0, at);
    }
  }
  return result;
}

/** Nesting and repetition that a careless reader pays for. */
export function hostile(random: Random): Uint8Array<ArrayBuffer> {
  const times = 1 + randomInteger(random, 50_000);
  const text = pick(random, [
    () => "[".repeat(times),
    () => '{"a":'.repeat(times),
    () => '{"metadata":{"name":"' + "\\u0041".repeat(times) + '"}}',
    () =>
      "a: &a [x,x]\n" + Array.from({ length: 20 }, (_, i) => `b${i}: &b${i} [*a,*a]`).join("\n"),
    () => "- ".repeat(times),
    () => `{"x":${"9".repeat(times)}}`,
    () => '{"a":1,'.repeat(Math.min(times, 2_000)),
    () => "{" + Array.from({ length: times }, (_, i) => `"k${i % 7}":1`).join(",") + "}",
  ])();
  return new TextEncoder().encode(text);
}

function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
