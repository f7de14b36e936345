import {
  type JsonObject,
  type JsonValue,
  type Random,
  randomInteger,
} from "../../components/base/mod.ts";
import {
  fieldSchema,
  type ScalarSchema,
  type Schema,
  type StructSchema,
} from "../../components/api/mod.ts";

const DEPTH_MAXIMUM = 7;
const TEXTS = [
  "",
  "a",
  "web",
  "10Mi",
  "100m",
  "true",
  "5",
  "ü",
  "a/b",
  "x".repeat(70),
  "-",
  "\u0000",
];

/** An object with some of a schema's members, most of them of the right type; not one that passes validation. */
export function randomStruct(random: Random, schema: StructSchema, depth = 0): JsonObject {
  const object: JsonObject = {};
  const share = depth < 2 ? 0.6 : 0.3;
  for (const [name, field] of Object.entries(schema.fields)) {
    if (field.required !== true && random.next() > share) continue;
    object[name] = randomValue(random, fieldSchema(field), depth + 1);
  }
  return object;
}

function randomValue(random: Random, schema: Schema, depth: number): JsonValue {
  if (random.next() < 0.01) return pick(random, [null, 1, "x", [], {}, false, 1.5, -1, 2 ** 60]);
  if (depth > DEPTH_MAXIMUM) {
    return schema.type === "list" ? [] : schema.type === "string" ? "" : {};
  }
  switch (schema.type) {
    case "struct":
      return randomStruct(random, schema, depth);
    case "map":
      return Object.fromEntries(
        several(random).map((i) => [`k${i}`, randomValue(random, schema.values, depth + 1)]),
      );
    case "list":
      return several(random).map(() => randomValue(random, schema.items, depth + 1));
    default:
      return randomScalar(random, schema.type);
  }
}

function randomScalar(random: Random, type: ScalarSchema["type"]): JsonValue {
  switch (type) {
    case "boolean":
      return random.next() < 0.5;
    case "int32":
    case "int64":
      return randomInteger(random, 100_000) - 10;
    case "double":
      return random.next() * 100;
    case "intOrString":
      return random.next() < 0.5 ? randomInteger(random, 70_000) : pick(random, TEXTS);
    case "quantity":
      return pick(random, ["1", "100m", "1Gi", "0.5", "1e3", "12E", "", "5n", 7, 0.25]);
    case "time":
      return pick(random, ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.5+02:00", null, "never"]);
    case "microTime":
      return pick(random, ["2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05Z", "x"]);
    case "duration":
      return pick(random, ["1s", "5m0s", "x"]);
    case "bytes":
      return pick(random, ["", "YQ==", "YWJj", "***"]);
    case "any":
      return pick<JsonValue>(random, [{ a: [1, { b: null }] }, "x", 1, [], true]);
    case "string":
      return pick(random, TEXTS);
  }
}

export function pick<T>(random: Random, values: readonly T[]): T {
  return values[randomInteger(random, values.length)]!;
}

function several(random: Random): number[] {
  return Array.from({ length: randomInteger(random, 3) }, (_, i) => i);
}
