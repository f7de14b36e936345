import { Buffer } from "node:buffer";
import { type Random, randomInteger } from "../../components/base/mod.ts";
import { damage } from "./damage.ts";
import { pick } from "./random_object.ts";

const OPCODES = [0, 1, 2, 2, 2, 8, 9, 10, 3, 11];
const CLOSE_CODES = [0, 999, 1000, 1001, 1005, 1006, 1015, 2999, 3000, 5000, 65_535];
const PAYLOADS = [
  "",
  "\u0000hello",
  "\u0004{}",
  '\u0004{"Width":80,"Height":24}',
  '\u0004{"Width":1e999,"Height":-1}',
  "\u00ff\u0000",
  "\u00ff\u0000\u00ff\u0000",
  "\u00ff",
  "0aGVsbG8=",
  "0!!!",
  "9",
  "\u0007x",
];

/** Frames of a WebSocket client: fragmented, unmasked, announcing too much, with control frames that are too long. */
export function webSocketBytes(random: Random): Uint8Array<ArrayBuffer> {
  const frames: Uint8Array[] = [];
  for (let times = randomInteger(random, 12); times > 0; times--) frames.push(frame(random));
  const bytes = new Uint8Array(Buffer.concat(frames));
  return random.next() < 0.3 ? damage(random, bytes) : bytes;
}

function frame(random: Random): Uint8Array {
  const opcode = pick(random, OPCODES);
  let payload = Buffer.from(pick(random, PAYLOADS), "latin1");
  if (opcode === 8 && random.next() < 0.8) {
    payload = Buffer.alloc(2 + randomInteger(random, 3));
    payload.writeUInt16BE(pick(random, CLOSE_CODES));
  }
  if (random.next() < 0.1) payload = Buffer.alloc(randomInteger(random, 70_000), payload.length);
  const first = opcode | (random.next() < 0.8 ? 0x80 : 0) | (random.next() < 0.05 ? 0x40 : 0);
  const masked = random.next() < 0.95;
  const length = random.next() < 0.05
    ? pick(random, [2 ** 40, 2 ** 31, 65_536, 126])
    : payload.length;
  const head = [first];
  const mask = masked ? 0x80 : 0;
  if (length < 126) head.push(mask | length);
  else if (length < 65_536 && random.next() < 0.9) {
    head.push(mask | 126, length >> 8, length & 0xff);
  } else {
    const long = Buffer.alloc(8);
    long.writeBigUInt64BE(BigInt(length));
    head.push(mask | 127, ...long);
  }
  if (!masked) return Buffer.concat([Buffer.from(head), payload]);
  const key = [1, 2, 3, 4].map(() => randomInteger(random, 256));
  const hidden = payload.map((byte, i) => byte ^ (key[i % 4] ?? 0));
  return Buffer.concat([Buffer.from(head), Buffer.from(key), hidden]);
}
