import { cloneJson, type JsonObject, type JsonValue } from "../../base/mod.ts";

/** Fills in defaults of one struct, in place. */
export type Fill = (value: JsonObject) => void;

/** What a struct's members default to. */
export interface Rules {
  /** Set where the member is missing (Go's pointers, lists and maps: a given zero stays). */
  readonly absent?: Readonly<Record<string, JsonValue>>;
  /** Set where the member is missing or its type's zero (`""`, `0`). */
  readonly empty?: Readonly<Record<string, JsonValue>>;
  /** Rules of a member that is a struct; a missing one is left missing. */
  readonly within?: Readonly<Record<string, Fill>>;
  /** Rules of each struct of a list or map. */
  readonly each?: Readonly<Record<string, Fill>>;
  /** Runs before the rest, for what depends on more than one member. */
  readonly first?: Fill;
}

/** Makes one function of a struct's rules; they run in the order first, absent, empty, within, each. */
export function fill(rules: Rules): Fill {
  const absent = entries(rules.absent);
  const empty = entries(rules.empty);
  const within = entries(rules.within);
  const each = entries(rules.each);
  const { first } = rules;
  return (value) => {
    if (first !== undefined) first(value);
    for (const [member, standard] of absent) {
      if (value[member] === undefined) value[member] = fresh(standard);
    }
    for (const [member, standard] of empty) {
      const current = value[member];
      if (current === undefined || current === "" || current === 0) value[member] = fresh(standard);
    }
    for (const [member, rule] of within) {
      const inner = value[member];
      if (isStruct(inner)) rule(inner);
    }
    for (const [member, rule] of each) {
      const inner = value[member];
      if (Array.isArray(inner)) { for (const item of inner) if (isStruct(item)) rule(item); }
      else if (isStruct(inner)) {
        for (const key in inner) {
          const item = inner[key];
          if (isStruct(item)) rule(item);
        }
      }
    }
  };
}

/** Several rules, one after the other. */
export function all(...rules: readonly Fill[]): Fill {
  return (value) => {
    for (const rule of rules) rule(value);
  };
}

/** Applies `rule` at the struct that `path` leads to, where there is one. */
export function at(path: string, rule: Fill): Fill {
  return path.split(".").reduceRight<Fill>(
    (inner, member) => fill({ within: { [member]: inner } }),
    rule,
  );
}

/** The struct at `member`; undefined where there is none. */
export function structAt(value: JsonObject | undefined, member: string): JsonObject | undefined {
  const inner = value?.[member];
  return isStruct(inner) ? inner : undefined;
}

/** The struct at `member`, made where it is missing. */
export function ensureStruct(value: JsonObject, member: string): JsonObject {
  const inner = value[member];
  if (isStruct(inner)) return inner;
  const made: JsonObject = {};
  value[member] = made;
  return made;
}

/** The structs of the list at `member`. */
export function structsAt(value: JsonObject | undefined, member: string): JsonObject[] {
  const list = value?.[member];
  return Array.isArray(list) ? list.filter(isStruct) : [];
}

/** True for what Go leaves out: a missing value, an empty string, list or map. */
export function isEmpty(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== "object") return false;
  for (const _ in value) return false;
  return true;
}

function isStruct(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function entries<T>(record: Readonly<Record<string, T>> | undefined): [string, T][] {
  return Object.entries(record ?? {});
}

/** Structs and lists are copied, so that no two objects share one. */
function fresh(standard: JsonValue): JsonValue {
  return typeof standard === "object" ? cloneJson(standard) : standard;
}
