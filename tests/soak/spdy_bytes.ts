import { Buffer } from "node:buffer";
import { deflateSync } from "node:zlib";
import { type Random, randomInteger } from "../../components/base/mod.ts";
import { damage } from "./damage.ts";
import { pick } from "./random_object.ts";

const IDS = [0, 1, 1, 3, 3, 5, 7, 2, 4, 0x7fffffff, 0xffffffff];
const NAMES = ["streamtype", "port", "requestid", "x", "", "STREAMTYPE"];
// deno-fmt-ignore
const VALUES = ["data", "error", "stdin", "stdout", "stderr", "resize", "80", "0", "-1", "1e9", "", "x".repeat(3_000)];

/** Frames of a SPDY/3.1 client: wrong lengths, headers that do not inflate, streams used again, half a frame. */
export function spdyBytes(random: Random): Uint8Array<ArrayBuffer> {
  const frames: Uint8Array[] = [];
  const usual = random.next() < 0.5;
  if (usual) {
    frames.push(control(1, Buffer.concat([words(1, 0), Buffer.alloc(2), usualBlock(random)])));
  }
  for (let times = randomInteger(random, 12); times > 0; times--) frames.push(frame(random));
  const bytes = new Uint8Array(Buffer.concat(frames));
  return random.next() < 0.3 ? damage(random, bytes) : bytes;
}

function frame(random: Random): Uint8Array {
  const id = pick(random, IDS);
  const block = headerBlock(random);
  switch (pick(random, [0, 0, 1, 1, 1, 2, 3, 4, 6, 7, 8, 9, 5, 99])) {
    case 0: {
      const payload = Buffer.alloc(randomInteger(random, random.next() < 0.1 ? 50_000 : 20), 65);
      return Buffer.concat([
        words(id & 0x7fffffff, wrongLength(random, payload.length) | fin(random)),
        payload,
      ]);
    }
    case 1:
      return control(1, Buffer.concat([words(id, 0), Buffer.alloc(2), block]), fin(random));
    case 2:
      return control(2, Buffer.concat([words(id), block]), fin(random));
    case 3:
      return control(3, words(id, randomInteger(random, 12)));
    case 4:
      return control(4, words(1, 7, pick(random, [0, 65_536, 0xffffffff])));
    case 6:
      return control(6, words(id));
    case 7:
      return control(7, words(id, randomInteger(random, 3)));
    case 8:
      return control(8, Buffer.concat([words(id), block]), fin(random));
    case 9:
      return control(9, words(id, pick(random, [0, 1, 65_536, 0x7fffffff, 0xffffffff])));
    case 5:
      return control(pick(random, [1, 2, 3, 6, 7, 9]), Buffer.alloc(randomInteger(random, 9)));
    default:
      return words(pick(random, [0x80020001, 0x80030063, 0xffffffff, 1]), wrongLength(random, 4));
  }
}

function headerBlock(random: Random): Uint8Array {
  const kind = random.next();
  if (kind < 0.1) return Buffer.from([randomInteger(random, 256), 1, 2, 3]);
  if (kind < 0.15) return deflateSync(Buffer.alloc(4_000_000));
  if (kind < 0.3) return deflateSync(words(pick(random, [0xffffffff, 200, 1]), 0xfffffff0));
  return usualBlock(random);
}

function usualBlock(random: Random): Uint8Array {
  const pairs = Array.from({ length: randomInteger(random, 4) }, () => [
    pick(random, NAMES),
    pick(random, VALUES),
  ]);
  pairs.push(["streamtype", pick(random, VALUES)], ["port", pick(random, ["80", "x", "0"])]);
  const parts: Uint8Array[] = [words(pairs.length)];
  for (const text of pairs.flat()) parts.push(words(text.length), Buffer.from(text));
  return deflateSync(Buffer.concat(parts), { finishFlush: 2 });
}

const fin = (random: Random): number => random.next() < 0.2 ? 0x01000000 : 0;

function wrongLength(random: Random, length: number): number {
  return random.next() < 0.9 ? length : pick(random, [0xffffff, length + 1, 0, 2_000_000]);
}

function control(type: number, body: Uint8Array, flags = 0): Uint8Array {
  return Buffer.concat([words((0x80030000 | type) >>> 0, (body.length | flags) >>> 0), body]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => bytes.writeUInt32BE(value >>> 0, 4 * i));
  return bytes;
}
