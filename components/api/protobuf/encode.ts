import { invariant, isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";
import { decodeBase64 } from "../base64.ts";
import { parseTime } from "../decode/scalar.ts";
import type { TypeRow } from "../schema/table.ts";
import { BIT64, LENGTH_DELIMITED, MessageWriter, VARINT } from "./message_writer.ts";
import { type MessagePlan, planOf } from "./plan.ts";

const JSON_SCHEMA = "apiextensions.v1.JSONSchemaProps";
const FIRST_BYTES = 16 * 1024;
/** Used again by each message: writing one is never interrupted by another. */
const shared = new MessageWriter(FIRST_BYTES);

/** Writes an object as a message of its struct; members that the struct does not know are left out. */
export function writeMessage(object: JsonObject, struct: string): Uint8Array {
  // What a message left that could not be written.
  shared.reset();
  writeMembers(shared, object, planOf(struct));
  return shared.finish();
}

function writeMembers(
  writer: MessageWriter,
  object: JsonObject,
  { ordered }: MessagePlan,
): void {
  for (const { number, member } of ordered) {
    if (member.is === "embedded") {
      writer.tag(number, LENGTH_DELIMITED);
      const start = writer.begin();
      writeMembers(writer, object, member.plan);
      writer.end(start);
      continue;
    }
    const value = object[member.name];
    if (value === undefined || value === null) continue;
    writeField(writer, number, member.type, value);
  }
}

export function writeField(
  writer: MessageWriter,
  number: number,
  type: TypeRow,
  value: JsonValue,
): void {
  if (type.is === "list") {
    for (const item of Array.isArray(value) ? value : []) {
      writeField(writer, number, type.items, item);
    }
  } else if (type.is === "map") {
    if (!isJsonObject(value)) return;
    for (const key in value) {
      writer.tag(number, LENGTH_DELIMITED);
      const start = writer.begin();
      writer.tag(1, LENGTH_DELIMITED);
      writer.string(key);
      const item = value[key];
      if (item !== undefined && item !== null) writeField(writer, 2, type.values, item);
      writer.end(start);
    }
  } else if (type.is === "struct") {
    writer.tag(number, LENGTH_DELIMITED);
    const start = writer.begin();
    if (isJsonObject(value)) writeMembers(writer, value, planOf(type.name));
    writer.end(start);
  } else writeScalar(writer, number, type.letter, value);
}

function writeScalar(
  writer: MessageWriter,
  number: number,
  letter: string,
  value: JsonValue,
): void {
  switch (letter) {
    case "s":
      writer.tag(number, LENGTH_DELIMITED);
      writer.string(String(value));
      return;
    case "b":
      writer.tag(number, VARINT);
      writer.uint32(value === true ? 1 : 0);
      return;
    case "i":
      writer.tag(number, VARINT);
      writer.int32(Number(value));
      return;
    case "l":
      writer.tag(number, VARINT);
      writer.int64(Math.trunc(Number(value)));
      return;
    case "d":
      writer.tag(number, BIT64);
      writer.double(Number(value));
      return;
    case "y":
      writer.tag(number, LENGTH_DELIMITED);
      writer.bytes(decodeBase64(String(value)));
      return;
    default: {
      writer.tag(number, LENGTH_DELIMITED);
      const start = writer.begin();
      writeSpecial(writer, letter, value);
      writer.end(start);
    }
  }
}

/** The types that are messages of their own. */
function writeSpecial(writer: MessageWriter, letter: string, value: JsonValue): void {
  switch (letter) {
    case "q":
      writer.tag(1, LENGTH_DELIMITED);
      writer.string(String(value));
      return;
    case "t":
    case "m": {
      const { seconds, nanos } = parseTime(String(value));
      writer.tag(1, VARINT);
      writer.int64(seconds);
      writer.tag(2, VARINT);
      writer.int32(letter === "t" ? 0 : nanos);
      return;
    }
    case "x": {
      const isText = typeof value === "string";
      writer.tag(1, VARINT);
      writer.int64(isText ? 1 : 0);
      writer.tag(2, VARINT);
      writer.int32(isText ? 0 : Number(value));
      writer.tag(3, LENGTH_DELIMITED);
      writer.string(isText ? value : "");
      return;
    }
    case "e":
      for (const item of Array.isArray(value) ? value : []) {
        writer.tag(1, LENGTH_DELIMITED);
        writer.string(String(item));
      }
      return;
    case "r":
    case "f":
    case "j":
      writer.tag(1, LENGTH_DELIMITED);
      writer.string(JSON.stringify(value));
      return;
    default:
      writeUnion(writer, letter, value);
  }
}

function writeUnion(writer: MessageWriter, letter: string, value: JsonValue): void {
  const schema: TypeRow = { is: "struct", name: JSON_SCHEMA };
  invariant(letter === "A" || letter === "B" || letter === "S", `no scalar ${letter}`);
  if (letter === "B") {
    // A schema stands where `true` would: Go writes both.
    writer.tag(1, VARINT);
    writer.uint32(value !== false ? 1 : 0);
    if (isJsonObject(value)) writeField(writer, 2, schema, value);
  } else if (isJsonObject(value)) writeField(writer, 1, schema, value);
  else {
    const items: TypeRow = letter === "A" ? schema : { is: "scalar", letter: "s" };
    for (const item of Array.isArray(value) ? value : []) writeField(writer, 2, items, item);
  }
}
