import type { TypeRow } from "../schema/table.ts";
import { LENGTH_DELIMITED, VARINT } from "./message_writer.ts";
import { type MessagePlan, planOf } from "./plan.ts";

/** What a value's JSON becomes. */
export enum Reading {
  /** Nothing: protobuf has no such field. */
  None,
  Text,
  Truth,
  Number,
  Quantity,
  Time,
  NumberOrText,
  /** JSON that stays JSON. */
  Json,
  Struct,
  List,
  Map,
  /** What is rare enough to be read as a value first. */
  Other,
}

/** A member of a struct, as JSON names it and as protobuf numbers it. */
export interface Slot {
  /** The name as it stands in JSON between its first quote and the value: `name":`. */
  readonly name: Uint8Array;
  readonly value: ValueShape;
  /** The messages that Go embeds and that it stands in; the same array for all that stand in the same ones. */
  readonly within: readonly number[] | undefined;
  /** The slot that was met behind it last: objects of a kind have most members in one order. */
  follow: Slot | undefined;
}

/** How one value is read and written. */
export interface ValueShape {
  readonly reading: Reading;
  /** The field's number in its message. */
  readonly number: number;
  /** Number and wire type. */
  readonly tag: number;
  readonly type: TypeRow;
  /** What a number may be at the most. */
  readonly largest: number;
  /** Whether a time has parts of seconds. */
  readonly micros: boolean;
  /** The struct's name, and, once it was asked for, its shape. */
  readonly struct: string | undefined;
  shape: Shape | undefined;
  /** Of a list's items and of a map's values, which stand at 2 in their entry. */
  readonly inner: ValueShape | undefined;
  /** Bytes that the length of the last such message took. */
  lengthBytes: number;
}

/** A struct's members by their names. */
export class Shape {
  readonly #slots = new Map<number, Slot[]>();
  /** What follows the opening brace, most often. */
  readonly opening: Slot;
  /** Bytes that the length of the last message of it took, as a field. */
  lengthBytes = 2;

  constructor(plan: MessagePlan, unnumbered: readonly string[]) {
    this.opening = slot("", NOTHING, undefined);
    this.#place(plan, undefined);
    for (const name of unnumbered) this.#add(slot(name, NOTHING, undefined));
  }

  /** The slot whose name stands in `json` from `at` to `end`, its last quote included. */
  find(json: Uint8Array, at: number, end: number): Slot | undefined {
    return this.#slots.get(keyOf(json, at, end))?.find(({ name }) => {
      const length = end - at;
      if (name.length !== length + 1) return false;
      for (let i = 0; i < length; i++) if (json[at + i] !== name[i]) return false;
      return true;
    });
  }

  #place({ ordered }: MessagePlan, within: readonly number[] | undefined): void {
    for (const { number, member } of ordered) {
      if (member.is === "embedded") this.#place(member.plan, [...within ?? [], number]);
      else this.#add(slot(member.name, valueShape(number, member.type), within));
    }
  }

  #add(added: Slot): void {
    const key = keyOf(added.name, 0, added.name.length - 1);
    const known = this.#slots.get(key);
    if (known === undefined) this.#slots.set(key, [added]);
    else known.push(added);
  }
}

/** Whether the bytes of `name` stand in `json` from `at` on. */
export function standsAt(name: Uint8Array, json: Uint8Array, at: number): boolean {
  for (let i = 0; i < name.length; i++) if (json[at + i] !== name[i]) return false;
  return true;
}

const encoder = new TextEncoder();
const shapes = new Map<string, Shape>();

/** The shape of a struct of the schema table, made at the first call. */
export function shapeOf(struct: string): Shape {
  let shape = shapes.get(struct);
  if (shape === undefined) {
    shape = new Shape(planOf(struct), ["kind", "apiVersion"]);
    shapes.set(struct, shape);
  }
  return shape;
}

const PLAIN = {
  largest: Number.MAX_SAFE_INTEGER,
  micros: false,
  struct: undefined,
  shape: undefined,
  inner: undefined,
  lengthBytes: 1,
};
const NOTHING: ValueShape = {
  ...PLAIN,
  reading: Reading.None,
  number: 0,
  tag: 0,
  type: { is: "scalar", letter: "s" },
};

function slot(name: string, value: ValueShape, within: readonly number[] | undefined): Slot {
  return { name: encoder.encode(`${name}":`), value, within, follow: undefined };
}

/** Length, first and last letter: names of one struct hardly share all three. */
function keyOf(name: Uint8Array, at: number, end: number): number {
  return (end - at) << 16 | (name[at] ?? 0) << 8 | (name[end - 2] ?? 0);
}

function valueShape(number: number, type: TypeRow): ValueShape {
  const bytes = { ...PLAIN, number, type, tag: number << 3 | LENGTH_DELIMITED };
  switch (type.is) {
    case "list":
      return { ...bytes, reading: Reading.List, inner: valueShape(number, type.items) };
    case "map":
      return { ...bytes, reading: Reading.Map, inner: valueShape(2, type.values) };
    case "struct":
      return { ...bytes, reading: Reading.Struct, struct: type.name };
    case "scalar": {
      const reading = READINGS[type.letter] ?? Reading.Other;
      const isVarint = reading === Reading.Number || reading === Reading.Truth;
      return {
        ...bytes,
        reading,
        micros: type.letter === "m",
        ...(isVarint ? { tag: number << 3 | VARINT } : {}),
        ...(type.letter === "i" ? { largest: MAXIMUM_INT32 } : {}),
      };
    }
  }
}

const MAXIMUM_INT32 = 0x7fff_ffff;
const READINGS: Readonly<Record<string, Reading>> = {
  s: Reading.Text,
  b: Reading.Truth,
  i: Reading.Number,
  l: Reading.Number,
  q: Reading.Quantity,
  t: Reading.Time,
  m: Reading.Time,
  x: Reading.NumberOrText,
  r: Reading.Json,
  f: Reading.Json,
  j: Reading.Json,
};
