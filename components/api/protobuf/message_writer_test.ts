import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { BIT64, LENGTH_DELIMITED, MessageWriter, VARINT } from "./message_writer.ts";

/** Small enough that every case has to make room. */
const written = (write: (writer: MessageWriter) => void): Uint8Array => {
  const writer = new MessageWriter(1);
  write(writer);
  return writer.finish();
};

Deno.test("scalars are written as the library writes them", () => {
  const texts = ["", "a", "x".repeat(48), "x".repeat(49), "x".repeat(127), "x".repeat(128)];
  texts.push("é".repeat(48), "x".repeat(126) + "é", "€".repeat(43), "€".repeat(6_000), "😀", "\0");
  texts.push("a\ud800b", "x".repeat(70_000));
  for (const text of texts) {
    assert.deepEqual(
      written((writer) => {
        writer.tag(1, LENGTH_DELIMITED);
        writer.string(text);
      }),
      new BinaryWriter().tag(1, WireType.LengthDelimited).string(text).finish(),
      text.slice(0, 50),
    );
  }
  for (const value of [0, 1, -1, 127, 128, 16_383, 16_384, 2 ** 31 - 1, -(2 ** 31)]) {
    assert.deepEqual(
      written((writer) => {
        writer.tag(200, VARINT);
        writer.int32(value);
      }),
      new BinaryWriter().tag(200, WireType.Varint).int32(value).finish(),
      `${value}`,
    );
  }
  for (const value of [0, -1, 2 ** 31, 2 ** 32, 2 ** 35 + 1, 2 ** 53 - 1, 2 ** 60, -(2 ** 63)]) {
    assert.deepEqual(
      written((writer) => {
        writer.tag(3, VARINT);
        writer.int64(value);
      }),
      new BinaryWriter().tag(3, WireType.Varint).int64(BigInt(value)).finish(),
      `${value}`,
    );
  }
  for (const value of [0, 1.5, -1e300]) {
    assert.deepEqual(
      written((writer) => {
        writer.tag(4, BIT64);
        writer.double(value);
      }),
      new BinaryWriter().tag(4, WireType.Bit64).double(value).finish(),
    );
  }
});

Deno.test("numbers that are none of their type are refused", () => {
  for (const value of [1.5, NaN, 2 ** 31, -(2 ** 31) - 1, Infinity]) {
    assert.throws(() => written((writer) => writer.int32(value)), RangeError, `${value}`);
  }
  assert.throws(() => written((writer) => writer.int64(NaN)), RangeError);
});

Deno.test("messages in messages have their lengths before them, whatever these take", () => {
  for (const bytes of [0, 1, 125, 126, 127, 128, 16_380, 16_384, 2_097_152]) {
    const inner = new Uint8Array(bytes).fill(7);
    const actual = written((writer) => {
      writer.tag(1, LENGTH_DELIMITED);
      const outer = writer.begin();
      writer.tag(2, LENGTH_DELIMITED);
      const start = writer.begin();
      writer.raw(inner);
      writer.end(start);
      writer.tag(3, LENGTH_DELIMITED);
      writer.bytes(Uint8Array.of(1, 2));
      writer.end(outer);
    });
    const expected = new BinaryWriter().tag(1, WireType.LengthDelimited).fork()
      .tag(2, WireType.LengthDelimited).bytes(inner)
      .tag(3, WireType.LengthDelimited).bytes(Uint8Array.of(1, 2)).join().finish();
    assert.ok(Buffer.compare(actual, expected) === 0, `${bytes}`);
  }
});

Deno.test("a writer may be used again, also after a message that failed", () => {
  const writer = new MessageWriter(4);
  writer.string("x".repeat(2_000_000));
  assert.equal(writer.finish().length, 2_000_003);
  writer.string("left");
  writer.reset();
  writer.string("a");
  const first = writer.finish();
  writer.string("b");
  assert.deepEqual([first, writer.finish()], [Uint8Array.of(1, 97), Uint8Array.of(1, 98)]);
});
