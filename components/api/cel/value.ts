import { ELEMENT, work } from "./work.ts";

/**
 * Values as expressions see them. An int is a `bigint`, a double a `number`; a string, bool and null are themselves.
 * Lists and maps of the wire stay as they are and are read when they are asked for.
 */
export type CelValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | Duration
  | Timestamp
  | CelList
  | CelMap
  | CelOptional
  | TypeValue
  | CelOpaque
  | CelFailure;

/**
 * Why an expression has no value. `error`: what it does went wrong (`no such key: x`). `cost`: this evaluation took
 * more than one may. `budget`: the evaluations of one request together did. Operators pass the first kind on as a
 * value, so that `||` and `&&` can do without it. `pending`: a decision of the authorizer is missing.
 */
export class CelFailure {
  readonly kind: CelFailureKind;
  readonly message: string;

  constructor(message: string, kind: CelFailureKind = "error") {
    this.kind = kind;
    this.message = message;
  }
}

export type CelFailureKind = "error" | "cost" | "budget" | "pending";

export const NO_OVERLOAD: CelFailure = new CelFailure("no such overload");
export const INT_MIN = -(2n ** 63n);
export const INT_MAX: bigint = 2n ** 63n - 1n;
export const UINT_MAX: bigint = 2n ** 64n - 1n;

/** An unsigned integer of 64 bits. */
export class Uint {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

/** A span of time in nanoseconds. */
export class Duration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** A moment, in nanoseconds since 1970 began in UTC, with the zone that it was written in: minutes east of UTC. */
export class Timestamp {
  readonly nanos: bigint;
  readonly zone: number;

  constructor(nanos: bigint, zone = 0) {
    this.nanos = nanos;
    this.zone = zone;
  }
}

/** `int`, `kubernetes.Quantity`: what `type(x)` gives and names of types stand for. */
export class TypeValue {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A value that may be absent. */
export class CelOptional {
  readonly value: CelValue | undefined;

  constructor(value: CelValue | undefined) {
    this.value = value;
  }

  static readonly none: CelOptional = new CelOptional(undefined);
}

/** A value that only functions of a library read. */
export abstract class CelOpaque {
  abstract readonly typeName: string;
  abstract equals(other: CelOpaque): boolean;

  /** The size that costs are counted by, 1 where it has none. */
  size(): number {
    return 1;
  }

  /** What a caller of the program gets. */
  abstract toJson(): unknown;
}

/** How lists of Kubernetes compare and merge: a set, or a map by keys whose names are those of the wire. */
export interface ListKeys {
  readonly listType: "atomic" | "set" | "map";
  readonly keys: readonly string[];
}

export abstract class CelList {
  abstract readonly size: number;
  /** Undefined past the ends. An element may be a failure. */
  abstract get(index: number): CelValue | undefined;

  get merging(): ListKeys | undefined {
    return undefined;
  }
}

export class ArrayList extends CelList {
  readonly values: readonly CelValue[];

  constructor(values: readonly CelValue[]) {
    super();
    this.values = values;
  }

  override get size(): number {
    return this.values.length;
  }

  override get(index: number): CelValue | undefined {
    return this.values[index];
  }
}

/** Two lists after one another; they are copied together when an element is first asked for. */
export class JoinedList extends CelList {
  override readonly size: number;
  #parts: readonly [CelList, CelList] | undefined;
  #values: CelValue[] | undefined;

  constructor(first: CelList, second: CelList) {
    super();
    this.size = first.size + second.size;
    this.#parts = [first, second];
  }

  override get(index: number): CelValue | undefined {
    if (this.#values === undefined) {
      this.#values = this.#join();
      this.#parts = undefined;
    }
    return this.#values[index];
  }

  /** Without recursion: chains of joined lists may be long. */
  #join(): CelValue[] {
    work(this.size * ELEMENT);
    const values: CelValue[] = [];
    const rest: CelList[] = [...this.#parts ?? []].reverse();
    for (let list = rest.pop(); list !== undefined; list = rest.pop()) {
      if (list instanceof JoinedList && list.#values === undefined) {
        const [first, second] = list.#parts as readonly [CelList, CelList];
        rest.push(second, first);
        continue;
      }
      for (let i = 0; i < list.size; i++) values.push(list.get(i) as CelValue);
    }
    return values;
  }
}

export abstract class CelMap {
  abstract readonly size: number;
  /** The value under a key, undefined where there is none. It may be a failure. */
  abstract find(key: CelValue): CelValue | undefined;
  abstract keys(): Iterable<CelValue>;
}

/** A key that compares by value: numbers that are equal are one, whatever their types. */
export function mapKey(key: CelValue): unknown {
  if (key instanceof Uint) return key.value;
  if (typeof key === "number" && Number.isInteger(key)) return BigInt(key);
  return key;
}

/** Whether a value may be a key of a map. */
export function isKey(key: CelValue): boolean {
  return typeof key === "string" || typeof key === "bigint" || typeof key === "boolean" ||
    typeof key === "number" || key instanceof Uint;
}

/** A map that an expression made. */
export class EntryMap extends CelMap {
  readonly #entries: Map<unknown, { readonly key: CelValue; readonly value: CelValue }> = new Map();

  override get size(): number {
    return this.#entries.size;
  }

  override find(key: CelValue): CelValue | undefined {
    return this.#entries.get(mapKey(key))?.value;
  }

  override *keys(): Iterable<CelValue> {
    for (const { key } of this.#entries.values()) yield key;
  }

  /** The last of two values under one key stays. */
  set(key: CelValue, value: CelValue): void {
    this.#entries.set(mapKey(key), { key, value });
  }

  /** False where the key is there already. */
  insert(key: CelValue, value: CelValue): boolean {
    const canonical = mapKey(key);
    if (this.#entries.has(canonical)) return false;
    this.#entries.set(canonical, { key, value });
    return true;
  }
}

/** The characters of a text, surrogate pairs being one. */
export function textSize(text: string): number {
  work(text.length);
  let size = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0xd800 && code <= 0xdbff) {
      const next = text.charCodeAt(i + 1);
      if (next >= 0xdc00 && next <= 0xdfff) {
        size--;
        i++;
      }
    }
  }
  return size;
}

/** The size that costs are counted by: characters, bytes, items, entries; 1 for what has no size. */
export function costSize(value: CelValue): number {
  if (typeof value === "string") return textSize(value);
  if (typeof value !== "object" || value === null) return 1;
  if (value instanceof CelList || value instanceof CelMap) return value.size;
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof CelOpaque) return value.size();
  if (value instanceof CelOptional) return value.value === undefined ? 1 : costSize(value.value);
  return 1;
}

/** The name of a value's type. */
export function valueTypeName(value: CelValue): string {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return "double";
    case "string":
      return "string";
  }
  if (value === null) return "null_type";
  if (value instanceof CelList) return "list";
  if (value instanceof CelMap) return "map";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof Uint) return "uint";
  if (value instanceof Duration) return "google.protobuf.Duration";
  if (value instanceof Timestamp) return "google.protobuf.Timestamp";
  if (value instanceof CelOptional) return "optional_type";
  if (value instanceof TypeValue) return "type";
  if (value instanceof CelOpaque) return value.typeName;
  return "error";
}
