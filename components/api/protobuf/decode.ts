import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { encodeBase64 } from "../base64.ts";
import type { JsonObject, JsonValue } from "../../base/mod.ts";
import { MAX_NESTING } from "../decode/json_scan.ts";
import { formatMicroTime, formatTime } from "../decode/scalar.ts";
import { canonicalQuantity } from "../quantity.ts";
import type { TypeRow } from "../schema/table.ts";
import { hasMagic, ProtobufError, readEnvelope } from "./envelope.ts";
import { type Member, planOf } from "./plan.ts";

const JSON_SCHEMA = "apiextensions.v1.JSONSchemaProps";
const text = new TextDecoder();

/** Reads a message of a struct as the object that JSON would have given. Throws where the bytes are no such message. */
export function readMessage(bytes: Uint8Array, struct: string): JsonObject {
  const object: JsonObject = {};
  readMembers(new BinaryReader(bytes), bytes.length, planOf(struct).members, object, 0);
  return object;
}

function readMembers(
  reader: BinaryReader,
  end: number,
  members: ReadonlyMap<number, Member>,
  object: JsonObject,
  depth: number,
): void {
  if (depth > MAX_NESTING) throw new ProtobufError("exceeded max depth");
  if (end > reader.len) throw new ProtobufError("unexpected EOF");
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    const member = members.get(number);
    if (member === undefined) {
      reader.skip(wire, number);
    } else if (member.is === "embedded") {
      readMembers(reader, reader.uint32() + reader.pos, member.plan.members, object, depth + 1);
    } else {
      readField(reader, wire, member, object, depth);
    }
  }
}

function readField(
  reader: BinaryReader,
  wire: WireType,
  { name, zero, type }: Member & { is: "field" },
  object: JsonObject,
  depth: number,
): void {
  if (type.is === "list") {
    const list = (object[name] ??= []) as JsonValue[];
    if (wire === WireType.LengthDelimited && isNumeric(type.items)) {
      // Packed numbers; Go writes them one by one.
      const end = reader.uint32() + reader.pos;
      while (reader.pos < end) list.push(readValue(reader, type.items, depth) ?? 0);
    } else list.push(readValue(reader, type.items, depth) ?? null);
    return;
  }
  if (type.is === "map") {
    const map = (object[name] ??= {}) as JsonObject;
    const [key, value] = readEntry(reader, type.values, depth);
    Object.defineProperty(map, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    return;
  }
  const value = readValue(reader, type, depth);
  if (value === undefined) return;
  if (!zero && isZero(type, value)) return;
  object[name] = value;
}

/** True for the zero of a plain type; `false` in a schema's place is a value. */
function isZero(type: TypeRow, value: JsonValue): boolean {
  if (type.is !== "scalar" || "ABSj".includes(type.letter)) return false;
  return value === "" || value === 0 || value === false ||
    (Array.isArray(value) && value.length === 0);
}

function readEntry(reader: BinaryReader, values: TypeRow, depth: number): [string, JsonValue] {
  const end = reader.uint32() + reader.pos;
  let key = "";
  let value: JsonValue | undefined;
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    if (number === 1) key = reader.string();
    else if (number === 2) value = readValue(reader, values, depth);
    else reader.skip(wire, number);
  }
  return [key, value ?? zeroOf(values)];
}

/** One value; undefined for what Go would not have shown (a zero time, no JSON). */
function readValue(reader: BinaryReader, type: TypeRow, depth: number): JsonValue | undefined {
  switch (type.is) {
    case "struct": {
      const object: JsonObject = {};
      const { members } = planOf(type.name);
      readMembers(reader, reader.uint32() + reader.pos, members, object, depth + 1);
      return object;
    }
    case "scalar":
      return readScalar(reader, type.letter, depth);
    default:
      throw new ProtobufError("a list of lists is no message");
  }
}

function readScalar(reader: BinaryReader, letter: string, depth: number): JsonValue | undefined {
  switch (letter) {
    case "s":
      return reader.string();
    case "b":
      return reader.bool();
    case "i":
      return reader.int32();
    case "l":
      return Number(reader.int64());
    case "d":
      return reader.double();
    case "y":
      return encodeBase64(reader.bytes());
    case "q":
      return canonicalQuantity(strings(reader).get(1) || "0");
    case "t":
    case "m":
      return readTime(reader, letter);
    case "x": {
      const numbers = readNumbers(reader);
      return numbers.get(1) === 1 ? numbers.text : numbers.get(2) ?? 0;
    }
    case "e":
      return readStrings(reader);
    case "r":
    case "f":
    case "j":
      return readRaw(reader);
    case "A":
    case "B":
    case "S":
      return readUnion(reader, letter, depth);
    default:
      throw new ProtobufError(`no scalar ${letter}`);
  }
}

/** A message of strings only, by number. */
function strings(reader: BinaryReader): Map<number, string> {
  const end = reader.uint32() + reader.pos;
  const found = new Map<number, string>();
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    if (wire === WireType.LengthDelimited) found.set(number, reader.string());
    else reader.skip(wire, number);
  }
  return found;
}

/** A message of numbers and one string, as IntOrString and Time are. */
function readNumbers(reader: BinaryReader): Map<number, number> & { text: string } {
  const end = reader.uint32() + reader.pos;
  const found = Object.assign(new Map<number, number>(), { text: "" });
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    if (wire === WireType.Varint) found.set(number, Number(reader.int64()));
    else if (wire === WireType.LengthDelimited) found.text = reader.string();
    else reader.skip(wire, number);
  }
  return found;
}

function readTime(reader: BinaryReader, letter: "t" | "m"): string | undefined {
  const numbers = readNumbers(reader);
  if (numbers.size === 0) return undefined;
  const moment = { seconds: numbers.get(1) ?? 0, nanos: numbers.get(2) ?? 0 };
  return letter === "t" ? formatTime(moment) : formatMicroTime(moment);
}

function readStrings(reader: BinaryReader): string[] {
  const end = reader.uint32() + reader.pos;
  const list: string[] = [];
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    if (number === 1) list.push(reader.string());
    else reader.skip(wire, number);
  }
  return list;
}

/** JSON inside a message, or another body of the API. */
function readRaw(reader: BinaryReader): JsonValue | undefined {
  const end = reader.uint32() + reader.pos;
  let raw: Uint8Array | undefined;
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    if (number === 1) raw = reader.bytes();
    else reader.skip(wire, number);
  }
  if (raw === undefined || raw.length === 0) return undefined;
  if (hasMagic(raw)) throw new ProtobufError(`cannot read a ${readEnvelope(raw).kind} in a field`);
  return JSON.parse(text.decode(raw)) as JsonValue;
}

/** A schema, or in its place a list of schemas, a boolean or a list of strings. */
function readUnion(reader: BinaryReader, letter: string, depth: number): JsonValue {
  const end = reader.uint32() + reader.pos;
  const schema: TypeRow = { is: "struct", name: JSON_SCHEMA };
  const list: JsonValue[] = [];
  let allows = false;
  let single: JsonValue | undefined;
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    if (letter === "B" && number === 1) allows = reader.bool();
    else if (letter === "B" && number === 2) single = readValue(reader, schema, depth + 1);
    else if (number === 1) single = readValue(reader, schema, depth + 1);
    else if (letter === "S" && number === 2) list.push(reader.string());
    else if (letter === "A" && number === 2) list.push(readValue(reader, schema, depth + 1) ?? {});
    else reader.skip(wire, number);
  }
  return single ?? (letter === "B" ? allows : list);
}

function isNumeric(type: TypeRow): boolean {
  return type.is === "scalar" && "bild".includes(type.letter);
}

function zeroOf(type: TypeRow): JsonValue {
  if (type.is !== "scalar") return {};
  if (isNumeric(type)) return type.letter === "b" ? false : 0;
  if (type.letter === "t" || type.letter === "m") return null;
  return type.letter === "q" ? "0" : type.letter === "e" ? [] : "";
}
