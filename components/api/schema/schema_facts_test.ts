import assert from "node:assert/strict";
import { type Field, fieldSchema, type Schema, type StructSchema } from "../schema.ts";
import { schemaOf } from "./lookup.ts";

/** Upstream's lists, keys, required members and closed sets of values, where they lie beside this repository. */
interface Lists {
  readonly lists: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly t?: string;
            readonly k?: readonly string[];
            readonly m?: string;
            readonly s?: string;
          }
        >
      >
    >
  >;
  readonly atomicStructs: readonly string[];
  readonly atomicMapFields: readonly string[];
  readonly required: Readonly<Record<string, readonly string[]>>;
  readonly formats: Readonly<Record<string, readonly string[]>>;
}
type Enums = Readonly<
  Record<
    string,
    {
      readonly closed: boolean;
      readonly values: readonly string[];
      readonly usedBy: readonly string[];
    }
  >
>;
const lists = read<Lists>("lists.json");
const enums = read<Enums>("enums.json");
if (lists === undefined || enums === undefined) {
  console.log("skipped: the tables of types are not here");
}

function read<T>(name: string): T | undefined {
  try {
    const file = new URL(`../../../../shared/spec/${name}`, import.meta.url);
    return JSON.parse(Deno.readTextFileSync(file)) as T;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Types under another name, or none: of APIs that are off, and of what is no object. */
const RENAMED: Readonly<Record<string, string>> = {
  "core.v1.EphemeralContainerCommon": "core.v1.EphemeralContainer",
};

function structOf(type: string): StructSchema | undefined {
  try {
    return schemaOf(RENAMED[type] ?? type);
  } catch {
    return undefined;
  }
}

/** Types of these tables that no schema has: each a decision, so that none is missed by accident. */
const unknown = new Set<string>();

function fieldOf(type: string, name: string): Field | undefined {
  const struct = structOf(type);
  if (struct === undefined) unknown.add(type);
  return struct?.fields[name];
}

function facts(name: string, body: () => void): void {
  Deno.test({ name, ignore: lists === undefined || enums === undefined, fn: body });
}

facts("lists have upstream's kinds, keys and ways to merge", () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const [type, members] of Object.entries(lists?.lists ?? {})) {
    for (const [name, { t, k = [], m, s }] of Object.entries(members)) {
      const field = fieldOf(type, name);
      if (field === undefined) {
        if (structOf(type) !== undefined) wrong.push(`${type}.${name}: not there`);
        continue;
      }
      seen++;
      const schema = fieldSchema(field);
      const found = [
        schema.type === "list" ? schema.listType : "object",
        schema.type === "list" ? (schema.keys ?? []).map((key) => key.name).join() : "",
        field.patchMergeKey ?? "",
        (field.patchStrategy ?? []).join(),
      ].join(" ");
      const expected = [t ?? "atomic", k.join(), m ?? "", s ?? ""].join(" ");
      if (found !== expected) wrong.push(`${type}.${name}: ${found} in the place of ${expected}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(seen > 70, `${seen}`);
});

facts("lists that upstream does not name are atomic and replaced", () => {
  const wrong: string[] = [];
  for (const type of Object.keys(lists?.required ?? {})) {
    const named = lists?.lists[type] ?? {};
    for (const [name, field] of Object.entries(structOf(type)?.fields ?? {})) {
      const schema = fieldSchema(field);
      if (schema.type !== "list" || name in named) continue;
      if (schema.listType !== "atomic" || field.patchStrategy !== undefined) {
        wrong.push(`${type}.${name}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

facts("structs and maps that are owned as a whole", () => {
  const structs = (lists?.atomicStructs ?? []).filter((type) =>
    structOf(type) !== undefined && structOf(type)?.atomic !== true
  );
  assert.deepEqual(structs, []);
  const maps = (lists?.atomicMapFields ?? []).filter((path) => {
    const dot = path.lastIndexOf(".");
    const field = fieldOf(path.slice(0, dot), path.slice(dot + 1));
    const schema = field === undefined ? undefined : fieldSchema(field);
    return schema?.type !== "map" || schema.atomic !== true;
  });
  assert.deepEqual(maps, []);
});

facts("members that must be there", () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const [type, names] of Object.entries(lists?.required ?? {})) {
    for (const name of names) {
      const field = fieldOf(type, name);
      if (field === undefined) {
        if (structOf(type) !== undefined) wrong.push(`${type}.${name}: not there`);
        continue;
      }
      seen++;
      if (field.required !== true) wrong.push(`${type}.${name}: optional`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(seen > 200, `${seen}`);
});

/** Names that the tables have for types of scalars. */
const FORMATS: Readonly<Record<string, Schema["type"]>> = {
  "int64": "int64",
  "bytes(base64)": "bytes",
  "any": "any",
  "date-time": "time",
  "int-or-string": "intOrString",
  "quantity": "quantity",
  "micro-time": "microTime",
  "double": "double",
};

facts("formats of members", () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const [format, paths] of Object.entries(lists?.formats ?? {})) {
    for (const path of paths) {
      const plain = path.replaceAll(/\{\}|\[\]/g, "");
      const dot = plain.lastIndexOf(".");
      const field = fieldOf(plain.slice(0, dot), plain.slice(dot + 1));
      if (field === undefined) {
        if (structOf(plain.slice(0, dot)) !== undefined) wrong.push(`${path}: not there`);
        continue;
      }
      seen++;
      let schema = fieldSchema(field);
      while (schema.type === "map" || schema.type === "list") {
        schema = schema.type === "map" ? schema.values : schema.items;
      }
      if (schema.type !== FORMATS[format]) wrong.push(`${path}: ${schema.type}, not ${format}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(seen > 150, `${seen}`);
});

facts("closed sets of values", () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const [name, { closed, values, usedBy }] of Object.entries(enums ?? {})) {
    if (!closed) continue;
    const own = name.slice(0, name.lastIndexOf("."));
    for (const user of usedBy) {
      const [group, path = user] = user.includes(":") ? user.split(":") : [own, user];
      const [type = "", member = ""] = path.split(".");
      const field = fieldOf(`${group}.${type}`, member);
      if (field === undefined) {
        if (structOf(`${group}.${type}`) !== undefined) wrong.push(`${user}: not there`);
        continue;
      }
      seen++;
      const plain = (list: readonly string[]) =>
        [...list].filter((one) => one !== "").sort().join();
      const found = plain(field.enum ?? []);
      if (found !== plain(values)) wrong.push(`${group}.${path}: ${found || "any"}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(seen > 80, `${seen}`);
});

facts("types of the tables that no schema has", () => {
  assert.deepEqual([...unknown].sort(), [
    // Its members stand in RuleWithOperations.
    "admissionregistration.v1.Rule",
    // In annotations of autoscaling/v1 alone.
    "autoscaling.v1.MetricSpec",
    "autoscaling.v1.MetricStatus",
    "meta.v1.GroupResource",
  ]);
});
