/** The rules of every kind answer, whatever is missing or odd: objects of the right types, made at random from a seed. */
import assert from "node:assert/strict";
import { BUILTIN_KINDS } from "../kinds.ts";
import type { KubeObject } from "../object.ts";
import type { ResourceDefinition } from "../resource_definition.ts";
import { fieldSchema, type Schema, type StructSchema } from "../schema.ts";
import { SUBRESOURCE_STRATEGIES } from "./pods.ts";

const OBJECTS_A_KIND = 50;
const DEPTH_MAXIMUM = 9;
const TEXTS = [
  "",
  "a",
  "A b",
  "a.b/c",
  "a/b/c",
  "/",
  "//",
  "..",
  "../x",
  "*",
  "*/*",
  "10.0.0.1",
  "010.0.0.1/08",
  "fd00::1",
  "FD00:0::/64",
  "::ffff:1.2.3.4",
  "::/129",
  "1Gi",
  "100m",
  "-1",
  "1e400",
  "50%",
  "https://[",
  "https://a@b/?c#d",
  "0 0 * * *",
  "Europe/Vienna",
  "device.driver == 'a'",
  "((((",
  "LS0tLS1CRUdJTiBY",
  "é\u0000\ud800",
  "x".repeat(300),
];
const NUMBERS = [0, 1, -1, 2, 63, 256, 65536, 2 ** 31 - 1, -(2 ** 31), Number.MAX_SAFE_INTEGER];

/** A small generator of its own, so that a failure comes again. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

class Maker {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)] as T;
  }

  chance(of: number): boolean {
    return this.#random() < of;
  }

  value(schema: Schema, depth: number): unknown {
    switch (schema.type) {
      case "struct":
        return this.struct(schema, depth);
      case "list":
        return Array.from(
          { length: this.pick([0, 1, 1, 2, 3]) },
          () => this.value(schema.items, depth + 1),
        );
      case "map":
        return Object.fromEntries(
          Array.from({ length: this.pick([0, 1, 2]) }, () => [
            this.pick(TEXTS),
            this.value(schema.values, depth + 1),
          ]),
        );
      case "boolean":
        return this.chance(0.5);
      case "int32":
      case "int64":
      case "double":
        return this.pick(NUMBERS);
      case "intOrString":
        return this.chance(0.5) ? this.pick(NUMBERS) : this.pick(TEXTS);
      case "any":
        return this.pick<unknown>([1, "a", { a: 1 }, [1], true]);
      case "quantity":
        return this.pick(["0", "1", "-1", "1Gi", "100m", "1500m"]);
      case "time":
        return "2026-01-01T00:00:00Z";
      case "microTime":
        return "2026-01-01T00:00:00.000000Z";
      case "bytes":
        return btoa(this.pick(["", "a", "-----BEGIN CERTIFICATE REQUEST-----\n"]));
      default:
        return this.pick(TEXTS);
    }
  }

  struct(schema: StructSchema, depth: number): Record<string, unknown> {
    const made: Record<string, unknown> = {};
    // What lies deep is there seldom, so that objects end.
    const likely = depth > DEPTH_MAXIMUM ? 0 : depth < 3 ? 0.8 : 0.35;
    for (const [name, field] of Object.entries(schema.fields)) {
      if (name === "metadata" && depth === 0 || name === "kind" || name === "apiVersion") continue;
      if (!this.chance(likely)) continue;
      made[name] = field.enum !== undefined && this.chance(0.8)
        ? fieldSchema(field).type === "list" ? [this.pick(field.enum)] : this.pick(field.enum)
        : this.value(fieldSchema(field), depth + 1);
    }
    return made;
  }

  object({ schema, namespaced, group, version, kind }: ResourceDefinition): KubeObject {
    return {
      ...this.struct(schema, 0),
      apiVersion: group === "" ? version : `${group}/${version}`,
      kind,
      metadata: {
        name: this.pick(TEXTS),
        ...(namespaced ? { namespace: "default" } : {}),
        labels: { [this.pick(TEXTS)]: this.pick(TEXTS) },
        annotations: { [this.pick(TEXTS)]: this.pick(TEXTS) },
        uid: "1",
      },
    } as unknown as KubeObject;
  }
}

/** What of an object is asked for in a change, an object made of two. */
function mixed(maker: Maker, a: KubeObject, b: KubeObject): KubeObject {
  const [left, right] = [a, b] as unknown as Record<string, unknown>[];
  const made: Record<string, unknown> = { ...left };
  for (const name of Object.keys(right ?? {})) {
    if (maker.chance(0.5) && name !== "metadata") made[name] = structuredClone(right?.[name]);
  }
  return made as unknown as KubeObject;
}

function exercise(definition: ResourceDefinition, maker: Maker): void {
  const { strategy } = definition;
  const [one, other] = [maker.object(definition), maker.object(definition)];
  for (const object of [one, other]) {
    definition.applyDefaults(object);
    strategy.prepareForCreate(object);
    const problems = strategy.validateCreate(object);
    for (const { field, reason } of problems) {
      assert.equal(typeof field, "string");
      assert.match(reason, /^FieldValue/);
    }
    strategy.warnings(object, undefined);
    // What may be stored may be shown.
    if (problems.length === 0) {
      definition.selectableFields(object);
      definition.cells(object, 0);
    }
  }
  const doors = Object.entries(SUBRESOURCE_STRATEGIES)
    .filter(([name]) => name.startsWith(`${definition.group}/${definition.kind}/`))
    .map(([, door]) => door);
  const status = {
    prepareForUpdate: strategy.prepareForStatusUpdate,
    validateUpdate: strategy.validateStatusUpdate,
  };
  for (const door of [strategy, status, ...doors]) {
    const next = structuredClone(mixed(maker, one, other));
    definition.applyDefaults(next);
    const previous = structuredClone(one);
    door.prepareForUpdate(next, previous);
    assert.ok(Array.isArray(door.validateUpdate(next, previous)));
    strategy.warnings(next, previous);
    assert.deepEqual(previous, one, "what is stored stays as it is");
  }
}

for (const [i, definition] of BUILTIN_KINDS.entries()) {
  const { group, version, kind } = definition;
  Deno.test(`the rules of ${group}/${version} ${kind} answer to objects of any form`, () => {
    for (let seed = 1; seed <= OBJECTS_A_KIND; seed++) {
      const maker = new Maker(i * 1000 + seed);
      try {
        exercise(definition, maker);
      } catch (error) {
        throw new Error(`seed ${i * 1000 + seed}`, { cause: error });
      }
    }
  });
}
