import assert from "node:assert/strict";
import type { JsonValue } from "../../base/mod.ts";
import { readConfigurationDocument } from "./document.ts";
import {
  choice,
  duration,
  fallback,
  type Field,
  flag,
  integer,
  list,
  mapOf,
  members,
  optional,
  text,
} from "./fields.ts";

const shape = members({
  name: text,
  mode: fallback(choice("Deny", "Warn"), "Deny" as const),
  wait: optional(duration),
  names: list(text),
  amounts: mapOf(integer),
});

const good = { mode: "Deny", wait: undefined, names: [], amounts: new Map() };

Deno.test("fields read what they describe", () => {
  const cases: [Field<unknown>, JsonValue, unknown][] = [
    [shape, { name: "a" }, { ...good, name: "a" }],
    [shape, { name: "a", wait: "1m30s", names: ["b"], amounts: { c: 2 }, mode: "Warn" }, {
      name: "a",
      mode: "Warn",
      wait: 90_000,
      names: ["b"],
      amounts: new Map([["c", 2]]),
    }],
    [list(flag), null, []],
  ];
  for (const [field, value, expected] of cases) assert.deepEqual(field(value, ""), expected);
});

Deno.test("fields say where a value is wrong", () => {
  const cases: [JsonValue, string][] = [
    [{}, "name: Required value"],
    [{ name: 1 }, "name: Invalid value: 1: must be a string"],
    [{ name: "a", other: 1 }, 'strict decoding error: unknown field "other"'],
    [{ name: "a", mode: "X" }, 'mode: Unsupported value: "X": supported values: "Deny", "Warn"'],
    [{ name: "a", names: ["b", 2] }, "names[1]: Invalid value: 2: must be a string"],
    [{ name: "a", amounts: { c: 1.5 } }, "amounts[c]: Invalid value: 1.5: must be a whole number"],
    [{ name: "a", wait: "5" }, 'wait: Invalid value: "5": time: missing unit in duration "5"'],
    ["x", ': Invalid value: "x": must be an object'],
  ];
  for (const [value, message] of cases) {
    assert.throws(() => shape(value, ""), { name: "ConfigurationError", message });
  }
});

Deno.test("a document is of its kind and version", () => {
  const read = (written: string) => readConfigurationDocument(written, "Kind", ["g/v1"]).content;
  assert.deepEqual(read("apiVersion: g/v1\nkind: Kind\na: 1\n"), { a: 1 });
  for (
    const bad of [
      "",
      "a: [",
      "apiVersion: g/v2\nkind: Kind",
      "apiVersion: g/v1\nkind: Other",
      "apiVersion: g/v1\nkind: Kind\na: 1\na: 2",
    ]
  ) assert.throws(() => read(bad), { name: "ConfigurationError" }, bad);
});
