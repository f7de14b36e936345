import { equalJson } from "../../base/mod.ts";
import { escapeName } from "./escape.ts";
import { readDuration, readTimestamp } from "./time.ts";
import type { CelListType, CelMapType, CelObjectType, CelScalarType, CelType } from "./type.ts";
import { DYN } from "./type.ts";
import {
  CelFailure,
  CelList,
  CelMap,
  CelOpaque,
  CelOptional,
  type CelValue,
  Duration,
  type ListKeys,
  Timestamp,
  TypeValue,
  Uint,
} from "./value.ts";
import { ELEMENT, work } from "./work.ts";

/** What a name counts that must be copied out of a large object. */
const KEY = 5 * ELEMENT;

type Json = Readonly<Record<string, unknown>>;

/** Reads a value of the wire as its declared type says. What does not fit is a failure where it is used. */
export function toCel(raw: unknown, type: CelType): CelValue {
  if (raw === null) {
    return nullIsValue(type)
      ? null
      : new CelFailure("invalid data, got null for schema with nullable=false");
  }
  switch (type.kind) {
    case "string":
      return typeof raw === "string" ? raw : wrong("string", raw);
    case "bool":
      return typeof raw === "boolean" ? raw : wrong("bool", raw);
    case "int":
      return typeof raw === "number" && Number.isInteger(raw)
        ? BigInt(raw)
        : typeof raw === "bigint"
        ? raw
        : wrong("int", raw);
    case "double":
      return typeof raw === "number"
        ? raw
        : typeof raw === "bigint"
        ? Number(raw)
        : wrong("float", raw);
    case "dyn":
      return dynToCel(raw, type);
    case "object":
      if (isValue(raw)) return raw;
      return isRecord(raw) ? new WireObject(raw, type) : notAMap();
    case "map":
      if (isValue(raw)) return raw;
      return isRecord(raw) ? new WireMap(raw, type) : notAMap();
    case "list":
      if (isValue(raw)) return raw;
      return Array.isArray(raw) ? new WireList(raw, type) : new CelFailure(
        "invalid data, expected an array for the provided schema with type=array",
      );
    default:
      return isValue(raw) ? raw : scalarToCel(raw, type);
  }
}

function scalarToCel(raw: unknown, type: CelType): CelValue {
  switch (type.kind) {
    case "bytes":
      return typeof raw === "string" ? bytesToCel(raw) : wrong("string", raw);
    case "duration":
      return typeof raw === "string" ? durationToCel(raw) : wrong("string", raw);
    case "timestamp":
      return typeof raw === "string" ? timestampToCel(raw, type) : wrong("string", raw);
    case "uint":
      return typeof raw === "number" ? new Uint(BigInt(Math.trunc(raw))) : wrong("uint", raw);
    default:
      return new CelFailure(`no value of type ${type.kind} on the wire`);
  }
}

function dynToCel(raw: unknown, type: CelScalarType): CelValue {
  switch (typeof raw) {
    case "string":
    case "bigint":
      return raw;
    case "number":
      if (Number.isInteger(raw)) return BigInt(raw);
      return type.wire === "intOrString" ? NOT_INT_OR_STRING : raw;
    case "undefined":
      return null;
  }
  if (type.wire === "intOrString") return NOT_INT_OR_STRING;
  if (typeof raw === "boolean" || isValue(raw)) return raw;
  if (Array.isArray(raw)) return new WireList(raw, DYN_LIST);
  return isRecord(raw) ? new WireMap(raw, DYN_MAP) : wrong("value", raw);
}

const NOT_INT_OR_STRING = new CelFailure(
  "invalid data, expected XIntOrString value to be either a string or integer",
);
const DYN_LIST: CelListType = { kind: "list", element: DYN };
const DYN_MAP: CelMapType = { kind: "map", key: { kind: "string" }, value: DYN };

function nullIsValue(type: CelType): boolean {
  return type.kind === "dyn" && type.wire === undefined || type.kind === "null" ||
    (type as { nullable?: boolean }).nullable === true;
}

const notAMap = (): CelFailure =>
  new CelFailure("invalid data, expected a map for the provided schema with type=object");

function wrong(expected: string, raw: unknown): CelFailure {
  return new CelFailure(`invalid data, expected ${expected}, got ${goType(raw)}`);
}

/** What Go calls the type of a decoded value. */
function goType(raw: unknown): string {
  if (typeof raw === "string") return "string";
  if (typeof raw === "boolean") return "bool";
  if (typeof raw === "number") return Number.isInteger(raw) ? "int64" : "float64";
  return Array.isArray(raw) ? "[]interface {}" : "map[string]interface {}";
}

function bytesToCel(raw: string): CelValue {
  work(raw.length);
  try {
    return Uint8Array.fromBase64(raw);
  } catch {
    return new CelFailure(`Invalid byte formatted string ${raw}: illegal base64 data`);
  }
}

function durationToCel(raw: string): CelValue {
  return readDuration(raw) ??
    new CelFailure(`Invalid duration ${raw}: unable to parse as duration`);
}

function timestampToCel(raw: string, type: CelScalarType): CelValue {
  const text = type.dateOnly ? `${raw}T00:00:00Z` : raw;
  return readTimestamp(text) ?? new CelFailure(
    `Invalid ${type.dateOnly ? "date" : "date-time"} formatted string ${raw}`,
  );
}

/** Values of expressions pass through: variables may hold what another program gave. */
function isValue(raw: unknown): raw is CelValue {
  return raw instanceof CelMap || raw instanceof CelList || raw instanceof Duration ||
    raw instanceof Timestamp || raw instanceof Uint || raw instanceof Uint8Array ||
    raw instanceof CelOptional || raw instanceof CelOpaque || raw instanceof TypeValue ||
    raw instanceof CelFailure;
}

function isRecord(raw: unknown): raw is Json {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}

/** A list of the wire; elements are read when they are asked for. */
export class WireList extends CelList {
  readonly raw: readonly unknown[];
  readonly #type: CelListType;

  constructor(raw: readonly unknown[], type: CelListType) {
    super();
    this.raw = raw;
    this.#type = type;
  }

  override get size(): number {
    return this.raw.length;
  }

  override get(index: number): CelValue | undefined {
    return index >= 0 && index < this.raw.length
      ? toCel(this.raw[index], this.#type.element)
      : undefined;
  }

  override get merging(): ListKeys | undefined {
    const { listType, keys } = this.#type;
    if (listType !== "set" && listType !== "map") return undefined;
    return { listType, keys: keys ?? [] };
  }
}

/** A map of the wire. */
export class WireMap extends CelMap {
  readonly raw: Json;
  readonly #type: CelMapType;
  #size: number | undefined;

  constructor(raw: Json, type: CelMapType) {
    super();
    this.raw = raw;
    this.#type = type;
  }

  override get size(): number {
    if (this.#size === undefined) {
      this.#size = Object.keys(this.raw).length;
      work(this.#size * KEY);
    }
    return this.#size;
  }

  override find(key: CelValue): CelValue | undefined {
    if (typeof key !== "string" || !Object.hasOwn(this.raw, key)) return undefined;
    return toCel(this.raw[key], this.#type.value);
  }

  override keys(): Iterable<CelValue> {
    const keys = Object.keys(this.raw);
    work(keys.length * KEY);
    return keys;
  }
}

/** An object of the wire. A null member is an absent one. */
export class WireObject extends CelMap {
  readonly raw: Json;
  readonly type: CelObjectType;
  #size: number | undefined;

  constructor(raw: Json, type: CelObjectType) {
    super();
    this.raw = raw;
    this.type = type;
  }

  override get size(): number {
    if (this.#size === undefined) {
      this.#size = Object.keys(this.raw).length;
      work(this.#size * KEY);
    }
    return this.#size;
  }

  override find(key: CelValue): CelValue | undefined {
    if (typeof key !== "string") return undefined;
    const field = this.type.fields.get(key);
    if (field === undefined || !Object.hasOwn(this.raw, field.wireName)) return undefined;
    const member = this.raw[field.wireName];
    return member === null || member === undefined ? undefined : toCel(member, field.type);
  }

  override *keys(): Iterable<CelValue> {
    for (const key of Object.keys(this.raw)) {
      const name = escapeName(key);
      if (name !== undefined && this.type.fields.get(name) !== undefined) yield name;
    }
  }

  /** Whether members that expressions do not see are the same in both. */
  sameUnseen(other: WireObject): boolean {
    for (const [key, value] of Object.entries(this.raw)) {
      const name = escapeName(key);
      if (name !== undefined && this.type.fields.get(name) !== undefined) continue;
      work(ELEMENT);
      if (Object.hasOwn(other.raw, key) && !equalJson(value, other.raw[key])) return false;
    }
    return true;
  }
}
