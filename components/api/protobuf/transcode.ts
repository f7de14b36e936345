import { invariant, type JsonValue } from "../../base/mod.ts";
import { writeField } from "./encode.ts";
import {
  BACKSLASH,
  CLOSE,
  CLOSE_LIST,
  COLON,
  COMMA,
  OPEN,
  OPEN_LIST,
  QUOTE,
} from "./json_cursor.ts";
import { LENGTH_DELIMITED, MessageWriter, varintBytes } from "./message_writer.ts";
import { MessageSink } from "./message_sink.ts";
import { Reading, type Shape, shapeOf, type Slot, standsAt, type ValueShape } from "./shape.ts";
import { microsAt, secondsAt } from "./time_bytes.ts";

const LOWER_F = 0x66;
const LOWER_N = 0x6e;
const LOWER_T = 0x74;
const TRUE_BYTES = 4;
const FALSE_BYTES = 5;
const ZERO = 0x30;
const NINE = 0x39;

/** The fields of messages of their own: 1, 2 and 3. */
const FIRST_VARINT = 1 << 3;
const FIRST_BYTES = FIRST_VARINT | LENGTH_DELIMITED;
const SECOND_VARINT = 2 << 3;
const THIRD_BYTES = 3 << 3 | LENGTH_DELIMITED;
/** Texts up to here have a length of one byte and are copied byte by byte. */
const SHORT_TEXT_BYTES = 127;
/** Digits whose number a double holds exactly. */
const DIGITS_MAXIMUM = 15;
const MAXIMUM_INT32 = 0x7fff_ffff;
/** Where the last quote of a time stands behind its first. */
const TIME_END = 21;
const MICRO_TIME_END = 28;
const NANOS_PER_MICRO = 1000;

const decoder = new TextDecoder();
/** Of the values that are read whole first. */
const other = new MessageWriter(1024);

/**
 * Writes the JSON of objects as messages of their structs, in one pass over the bytes: no value of it is made. Fields
 * stand in the order of the JSON, and what Go embeds may stand in several pieces: readers of protobuf join them.
 */
export class Transcoder extends MessageSink {
  /** Writes a message. Throws SyntaxError for what is no JSON, and then nothing is written. */
  message(json: Uint8Array, struct: string): void {
    this.room(json);
    const start = this.end;
    try {
      if (this.peek() !== OPEN) this.fail();
      this.#members(shapeOf(struct));
      invariant(this.end <= this.out.length, "a message has room");
    } catch (error) {
      this.end = start;
      throw error;
    }
  }

  /** Writes a message with a tag and its length before it; answers where it begins. */
  field(tag: number, json: Uint8Array, struct: string): number {
    this.room(json);
    this.tag(tag);
    const shape = shapeOf(struct);
    const { lengthBytes } = shape;
    const start = this.end += lengthBytes;
    this.message(json, struct);
    shape.lengthBytes = this.close(start, lengthBytes);
    return start + shape.lengthBytes - lengthBytes;
  }

  #members(shape: Shape): void {
    this.at++;
    if (this.peek() === CLOSE) {
      this.at++;
      return;
    }
    let last = shape.opening;
    let within: readonly number[] | undefined;
    let starts: number[] | undefined;
    for (;;) {
      if (this.peek() !== QUOTE) this.fail();
      this.at++;
      const slot = this.#slot(shape, last);
      if (slot === undefined) this.skip();
      else {
        last = slot;
        if (slot.within !== within) {
          if (starts !== undefined) this.closeAll(starts);
          within = slot.within;
          starts = within && this.openAll(within);
        }
        this.#value(slot.value);
      }
      const next = this.peek();
      this.at++;
      if (next === CLOSE) break;
      if (next !== COMMA) this.fail();
    }
    if (starts !== undefined) this.closeAll(starts);
  }

  /** The slot of the name that begins here, which is passed over with its colon. */
  #slot(shape: Shape, last: Slot): Slot | undefined {
    const { json } = this;
    const guess = last.follow;
    if (guess !== undefined && standsAt(guess.name, json, this.at)) {
      this.at += guess.name.length;
      return guess;
    }
    const start = this.at;
    this.pastText();
    const end = this.at;
    // Someone else's JSON may have blanks before the colon: the name is compared without it.
    if (this.peek() !== COLON) this.fail();
    this.at++;
    const found = shape.find(json, start, end);
    if (found !== undefined) last.follow = found;
    return found;
  }

  #value(shape: ValueShape): void {
    const first = this.peek();
    if (first === LOWER_N) return this.skip();
    switch (shape.reading) {
      case Reading.Text:
        if (first !== QUOTE) return this.#other(shape);
        this.tag(shape.tag);
        return this.#text();
      case Reading.Struct:
        return this.#struct(shape, first);
      case Reading.List:
        return this.#list(shape, first);
      case Reading.Map:
        return this.#map(shape, first);
      case Reading.Truth:
        if (first !== LOWER_T && first !== LOWER_F) return this.#other(shape);
        this.tag(shape.tag);
        this.out[this.end++] = first === LOWER_T ? 1 : 0;
        this.at += first === LOWER_T ? TRUE_BYTES : FALSE_BYTES;
        return;
      case Reading.Number: {
        const value = this.#number(shape.largest);
        if (value === undefined) return this.#other(shape);
        this.tag(shape.tag);
        return this.varint(value);
      }
      case Reading.Quantity:
        if (first !== QUOTE) return this.#other(shape);
        return this.#wrapped(shape.tag, FIRST_BYTES);
      case Reading.Time:
        return this.#time(shape);
      case Reading.NumberOrText:
        return this.#numberOrText(shape, first);
      case Reading.Json:
        return this.#whole(shape);
      case Reading.Other:
        return this.#other(shape);
      case Reading.None:
        return this.skip();
    }
  }

  #struct(shape: ValueShape, first: number): void {
    if (first !== OPEN || shape.struct === undefined) return this.#other(shape);
    this.tag(shape.tag);
    const { lengthBytes } = shape;
    const start = this.end += lengthBytes;
    this.#members(shape.shape ??= shapeOf(shape.struct));
    shape.lengthBytes = this.close(start, lengthBytes);
  }

  #list(shape: ValueShape, first: number): void {
    const { inner } = shape;
    if (first !== OPEN_LIST || inner === undefined) return this.#other(shape);
    this.at++;
    if (this.peek() === CLOSE_LIST) {
      this.at++;
      return;
    }
    for (;;) {
      if (this.peek() === LOWER_N) this.#other(inner);
      else this.#value(inner);
      const next = this.peek();
      this.at++;
      if (next === CLOSE_LIST) return;
      if (next !== COMMA) this.fail();
    }
  }

  #map(shape: ValueShape, first: number): void {
    const { inner } = shape;
    if (first !== OPEN || inner === undefined) return this.#other(shape);
    this.at++;
    if (this.peek() === CLOSE) {
      this.at++;
      return;
    }
    for (;;) {
      if (this.peek() !== QUOTE) this.fail();
      this.tag(shape.tag);
      const start = ++this.end;
      this.tag(FIRST_BYTES);
      this.#text();
      if (this.peek() !== COLON) this.fail();
      this.at++;
      this.#value(inner);
      this.close(start);
      const next = this.peek();
      this.at++;
      if (next === CLOSE) return;
      if (next !== COMMA) this.fail();
    }
  }

  /** The text whose first quote is here, with its length before it. */
  #text(): void {
    const { json } = this;
    const out = this.out;
    const start = this.at + 1;
    const end = Math.min(json.length, start + SHORT_TEXT_BYTES + 1);
    let to = this.end + 1;
    for (let at = start; at < end; at++) {
      const byte = json[at] as number;
      if (byte === QUOTE) {
        out[this.end] = at - start;
        this.end = to;
        this.at = at + 1;
        return;
      }
      if (byte === BACKSLASH) break;
      out[to++] = byte;
    }
    this.#longText(start);
  }

  /** One that is long, or whose signs are not all written as they are. */
  #longText(start: number): void {
    this.at = start;
    if (!this.pastText()) return this.copyJson(start, this.at - 1);
    other.reset();
    other.string(JSON.parse(decoder.decode(this.json.subarray(start - 1, this.at))) as string);
    this.raw(other.finish());
  }

  /** A message that holds one text. */
  #wrapped(tag: number, inner: number): void {
    this.tag(tag);
    const start = ++this.end;
    this.tag(inner);
    this.#text();
    this.close(start);
  }

  /** Passes over a whole number from 0 to `largest`; undefined for what is none, and nothing is passed over. */
  #number(largest: number): number | undefined {
    const { json } = this;
    const start = this.at;
    let at = start;
    let value = 0;
    let byte = json[at] as number;
    for (; byte >= ZERO && byte <= NINE; byte = json[++at] as number) {
      value = value * 10 + byte - ZERO;
    }
    const plain = byte === COMMA || byte === CLOSE || byte === CLOSE_LIST;
    if (!plain || at === start || at - start > DIGITS_MAXIMUM || value > largest) return undefined;
    this.at = at;
    return value;
  }

  #time(shape: ValueShape): void {
    const { json, at } = this;
    const seconds = json[at] === QUOTE ? secondsAt(json, at + 1) : undefined;
    if (seconds === undefined) return this.#other(shape);
    const micros = json[at + TIME_END] === QUOTE ? 0 : microsAt(json, at + TIME_END - 1);
    if (micros === undefined || micros > 0 && !shape.micros) return this.#other(shape);
    const end = json[at + TIME_END] === QUOTE ? TIME_END : MICRO_TIME_END;
    if (json[at + end] !== QUOTE) return this.#other(shape);
    this.at = at + end + 1;
    this.tag(shape.tag);
    const start = ++this.end;
    this.tag(FIRST_VARINT);
    this.varint(seconds);
    this.tag(SECOND_VARINT);
    this.varint(micros * NANOS_PER_MICRO);
    this.close(start);
  }

  #numberOrText(shape: ValueShape, first: number): void {
    const isText = first === QUOTE;
    const value = isText ? 0 : this.#number(MAXIMUM_INT32);
    if (value === undefined) return this.#other(shape);
    this.tag(shape.tag);
    const start = ++this.end;
    this.tag(FIRST_VARINT);
    this.varint(isText ? 1 : 0);
    this.tag(SECOND_VARINT);
    this.varint(value);
    this.tag(THIRD_BYTES);
    if (isText) this.#text();
    else this.varint(0);
    this.close(start);
  }

  /** JSON that stays JSON. */
  #whole(shape: ValueShape): void {
    const start = this.at;
    this.skip();
    const length = this.at - start;
    this.tag(shape.tag);
    this.varint(1 + varintBytes(length) + length);
    this.tag(FIRST_BYTES);
    this.copyJson(start, this.at);
  }

  /** What is rare, or not what its field is of: read as a value, and written by the writer of values. */
  #other({ number, type }: ValueShape): void {
    const start = this.at;
    this.skip();
    const value = JSON.parse(decoder.decode(this.json.subarray(start, this.at))) as JsonValue;
    other.reset();
    writeField(other, number, type, value);
    this.raw(other.finish());
  }
}

const transcoder = new Transcoder();

/** The message of an object whose JSON is here. Throws SyntaxError for what is no JSON. */
export function transcodeJson(json: Uint8Array, struct: string): Uint8Array<ArrayBuffer> {
  transcoder.message(json, struct);
  const message = transcoder.copy(0);
  transcoder.reset();
  return message;
}
