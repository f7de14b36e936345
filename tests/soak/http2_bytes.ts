import { Buffer } from "node:buffer";
import { type Random, randomInteger } from "../../components/base/mod.ts";
import { damage } from "./damage.ts";
import { pick } from "./random_object.ts";

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const SETTINGS = frame(4, 0, 0, Buffer.alloc(0));
/** `:method GET`, `:scheme https`, `:path /`, `:authority a`, without Huffman. */
const GET = Buffer.from([0x82, 0x87, 0x84, 0x01, 0x01, 0x61]);

/** The start of an HTTP/2 connection: resets in a row, endless continuations, tables that are not there. */
export function http2Bytes(random: Random): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  if (random.next() < 0.9) parts.push(PREFACE);
  if (random.next() < 0.9) parts.push(SETTINGS);
  let id = 1;
  for (let times = randomInteger(random, 15); times > 0; times--) {
    parts.push(...randomFrames(random, id));
    id += 2;
  }
  const bytes = new Uint8Array(Buffer.concat(parts));
  return random.next() < 0.3 ? damage(random, bytes) : bytes;
}

function randomFrames(random: Random, id: number): Uint8Array[] {
  const headers = frame(1, 0x5, id, GET);
  switch (randomInteger(random, 10)) {
    case 0:
      return [headers, frame(3, 0, id, Buffer.from([0, 0, 0, 8]))];
    case 1:
      return [frame(1, 0, id, GET), ...Array.from({ length: 50 }, () => frame(9, 0, id, GET))];
    case 2:
      return [frame(1, 0x5, id, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f]))];
    case 3:
      return [frame(8, 0, pick(random, [0, id]), Buffer.from([0x7f, 0xff, 0xff, 0xff]))];
    case 4:
      return Array.from({ length: 100 }, () => frame(6, 0, 0, Buffer.alloc(8)));
    case 5:
      return [frame(4, 0, 0, Buffer.from([0, 4, 0xff, 0xff, 0xff, 0xff]))];
    case 6:
      return [frame(0, 1, pick(random, [0, 1, id]), Buffer.alloc(randomInteger(random, 20_000)))];
    case 7:
      return [frame(randomInteger(random, 256), randomInteger(random, 256), id, GET)];
    case 8:
      return [frame(7, 0, 0, Buffer.alloc(8))];
    default:
      return [headers];
  }
}

function frame(type: number, flags: number, id: number, payload: Uint8Array): Uint8Array {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}
