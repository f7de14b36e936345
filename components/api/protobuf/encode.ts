import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { invariant, isJsonObject, type JsonObject, type JsonValue } from "../../base/mod.ts";
import { decodeBase64 } from "../base64.ts";
import { parseTime } from "../decode/scalar.ts";
import type { TypeRow } from "../schema/table.ts";
import { type Member, planOf } from "./plan.ts";

const JSON_SCHEMA = "apiextensions.v1.JSONSchemaProps";
const text = new TextEncoder();

/** Writes an object as a message of its struct; members that the struct does not know are left out. */
export function writeMessage(object: JsonObject, struct: string): Uint8Array {
  const writer = new BinaryWriter();
  writeMembers(writer, object, planOf(struct).members);
  return writer.finish();
}

function writeMembers(
  writer: BinaryWriter,
  object: JsonObject,
  members: ReadonlyMap<number, Member>,
): void {
  for (const [number, member] of members) {
    if (member.is === "embedded") {
      writer.tag(number, WireType.LengthDelimited).fork();
      writeMembers(writer, object, member.members);
      writer.join();
      continue;
    }
    const value = object[member.name];
    if (value === undefined || value === null) continue;
    writeField(writer, number, member.type, value);
  }
}

function writeField(writer: BinaryWriter, number: number, type: TypeRow, value: JsonValue): void {
  if (type.is === "list") {
    for (const item of Array.isArray(value) ? value : []) {
      writeField(writer, number, type.items, item);
    }
  } else if (type.is === "map") {
    if (!isJsonObject(value)) return;
    for (const key in value) {
      writer.tag(number, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited)
        .string(key);
      const item = value[key];
      if (item !== undefined && item !== null) writeField(writer, 2, type.values, item);
      writer.join();
    }
  } else if (type.is === "struct") {
    writer.tag(number, WireType.LengthDelimited).fork();
    if (isJsonObject(value)) writeMembers(writer, value, planOf(type.name).members);
    writer.join();
  } else writeScalar(writer, number, type.letter, value);
}

function writeScalar(
  writer: BinaryWriter,
  number: number,
  letter: string,
  value: JsonValue,
): void {
  switch (letter) {
    case "s":
      writer.tag(number, WireType.LengthDelimited).string(String(value));
      return;
    case "b":
      writer.tag(number, WireType.Varint).bool(value === true);
      return;
    case "i":
      writer.tag(number, WireType.Varint).int32(Number(value));
      return;
    case "l":
      writer.tag(number, WireType.Varint).int64(BigInt(Math.trunc(Number(value))));
      return;
    case "d":
      writer.tag(number, WireType.Bit64).double(Number(value));
      return;
    case "y":
      writer.tag(number, WireType.LengthDelimited).bytes(decodeBase64(String(value)));
      return;
    default:
      writer.tag(number, WireType.LengthDelimited).fork();
      writeSpecial(writer, letter, value);
      writer.join();
  }
}

/** The types that are messages of their own. */
function writeSpecial(writer: BinaryWriter, letter: string, value: JsonValue): void {
  switch (letter) {
    case "q":
      writer.tag(1, WireType.LengthDelimited).string(String(value));
      return;
    case "t":
    case "m": {
      const { seconds, nanos } = parseTime(String(value));
      writer.tag(1, WireType.Varint).int64(BigInt(seconds));
      writer.tag(2, WireType.Varint).int32(letter === "t" ? 0 : nanos);
      return;
    }
    case "x": {
      const isText = typeof value === "string";
      writer.tag(1, WireType.Varint).int64(isText ? 1n : 0n);
      writer.tag(2, WireType.Varint).int32(isText ? 0 : Number(value));
      writer.tag(3, WireType.LengthDelimited).string(isText ? value : "");
      return;
    }
    case "e":
      for (const item of Array.isArray(value) ? value : []) {
        writer.tag(1, WireType.LengthDelimited).string(String(item));
      }
      return;
    case "r":
    case "f":
    case "j":
      writer.tag(1, WireType.LengthDelimited).bytes(text.encode(JSON.stringify(value)));
      return;
    default:
      writeUnion(writer, letter, value);
  }
}

function writeUnion(writer: BinaryWriter, letter: string, value: JsonValue): void {
  const schema: TypeRow = { is: "struct", name: JSON_SCHEMA };
  invariant(letter === "A" || letter === "B" || letter === "S", `no scalar ${letter}`);
  if (letter === "B") {
    // A schema stands where `true` would: Go writes both.
    writer.tag(1, WireType.Varint).bool(value !== false);
    if (isJsonObject(value)) writeField(writer, 2, schema, value);
  } else if (isJsonObject(value)) writeField(writer, 1, schema, value);
  else {
    const items: TypeRow = letter === "A" ? schema : { is: "scalar", letter: "s" };
    for (const item of Array.isArray(value) ? value : []) writeField(writer, 2, items, item);
  }
}
