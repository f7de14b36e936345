import { equalJson, isJsonObject, type JsonObject, type JsonValue } from "../../../base/mod.ts";
import type { Pattern } from "../../regex/mod.ts";
import type { JsonSchema } from "../node.ts";
import { isSchema } from "../node.ts";
import { type Correlation, indexOf, keyOf, unchanged } from "./correlation.ts";
import { formatCheck, knownFormat } from "./formats.ts";
import { characters, compiled, typeOf } from "./measures.ts";
import { checkNumber, type NumberLimits } from "./numbers.ts";
import { Outcome } from "./outcome.ts";

/**
 * Which values a schema takes, made ready once. Messages, their order and what counts as a type are those of
 * Kubernetes' own reader of such schemas, odd as some are.
 */
export class ValueCheck {
  readonly #types: readonly string[];
  readonly #format: string;
  readonly #formatCheck: ((text: string) => boolean) | undefined;
  readonly #nullable: boolean;
  readonly #enum: readonly JsonValue[] | undefined;
  readonly #numbers: NumberLimits;
  readonly #pattern: string;
  #compiled: Pattern | undefined;
  readonly #schema: JsonSchema;
  readonly #properties: ReadonlyMap<string, ValueCheck>;
  readonly #required: readonly string[];
  /** `false` forbids members that no property names. */
  readonly #additional: ValueCheck | boolean;
  readonly #items: ValueCheck | undefined;
  readonly #anyOf: readonly ValueCheck[];
  readonly #oneOf: readonly ValueCheck[];
  readonly #allOf: readonly ValueCheck[];
  readonly #not: ValueCheck | undefined;

  constructor(schema: JsonSchema) {
    this.#schema = schema;
    const type = schema.type ?? "";
    this.#types = schema["x-kubernetes-int-or-string"] === true
      ? ["integer", "string"]
      : type === ""
      ? []
      : [type];
    const only = this.#types.length === 1 ? this.#types[0] ?? "" : "";
    this.#format = knownFormat(only, schema.format ?? "");
    this.#formatCheck = formatCheck(this.#format);
    this.#nullable = schema.nullable === true;
    this.#enum = schema.enum === undefined || schema.enum.length === 0
      ? undefined
      : schema.enum as JsonValue[];
    this.#numbers = {
      type: only === "integer" || only === "number" ? only : "",
      format: only === "integer" || only === "number" ? this.#format : "",
      multipleOf: schema.multipleOf,
      maximum: schema.maximum,
      exclusiveMaximum: schema.exclusiveMaximum === true,
      minimum: schema.minimum,
      exclusiveMinimum: schema.exclusiveMinimum === true,
    };
    this.#pattern = schema.pattern ?? "";
    const properties = new Map<string, ValueCheck>();
    for (const [name, member] of Object.entries(schema.properties ?? {})) {
      if (isSchema(member)) properties.set(name, new ValueCheck(member));
    }
    this.#properties = properties;
    this.#required = schema.required ?? [];
    const { additionalProperties: additional } = schema;
    this.#additional = isSchema(additional) ? new ValueCheck(additional) : additional !== false;
    this.#items = isSchema(schema.items) ? new ValueCheck(schema.items) : undefined;
    const checks = (list: readonly JsonSchema[] | undefined) =>
      (list ?? []).filter(isSchema).map((each) => new ValueCheck(each));
    this.#anyOf = checks(schema.anyOf);
    this.#oneOf = checks(schema.oneOf);
    this.#allOf = checks(schema.allOf);
    this.#not = isSchema(schema.not) ? new ValueCheck(schema.not) : undefined;
  }

  /** The check of a property; undefined where the schema names none of that name. */
  property(name: string): ValueCheck | undefined {
    return this.#properties.get(name);
  }

  /**
   * Checks a value. `path` is its field's, "" for the whole. With `before`, what was there already and has not changed
   * is taken as it is.
   */
  run(value: JsonValue, path: string, before?: Correlation): Outcome {
    const out = new Outcome();
    this.#run(value, path, before, out);
    return before !== undefined && !out.valid && unchanged(value, before) ? new Outcome() : out;
  }

  #run(value: JsonValue, path: string, before: Correlation | undefined, out: Outcome): void {
    if (value === null) {
      if (this.#types.length > 0 && !this.#nullable) {
        out.wrongType(path, this.#types.join(","), "null");
      } else out.matched++;
      this.#checkEnum(value, path, out);
      return;
    }
    if (this.#types.length > 0 || this.#format !== "") {
      if (this.#checkType(value, path, out)) out.matched++;
      out.matched++;
    }
    this.#checkCombined(value, path, out);
    out.matched++;
    if (typeof value === "string") {
      this.#checkString(value, path, out);
    } else if (typeof value === "number") {
      checkNumber(value, this.#numbers, path, out);
      out.matched += 2;
    } else if (Array.isArray(value)) {
      this.#checkItems(value, path, before, out);
      out.matched += 2;
    }
    this.#checkEnum(value, path, out);
    out.matched++;
    if (isJsonObject(value)) {
      this.#checkMembers(value, path, before, out);
      out.matched++;
    }
    out.matched++;
  }

  #checkType(value: Exclude<JsonValue, null>, path: string, out: Outcome): boolean {
    const types = this.#types;
    const format = this.#format;
    const is = typeOf(value);
    const floatAsInteger = is === "number" && Number.isInteger(value) &&
      types.includes("integer") &&
      Math.abs(value as number) <= Number.MAX_SAFE_INTEGER;
    const fits = types.includes(is) || floatAsInteger ||
      is === "integer" && types.includes("number");
    const textual = is === "string" || is === "array";
    if (!textual && format !== "" && !fits) {
      const actual = is === "integer" ? "int64" : is === "number" ? "float64" : "";
      if (actual !== format) {
        out.wrongType(path, format, actual);
        return false;
      }
    }
    const numeric = types.includes("number") || types.includes("integer");
    if (!numeric && format !== "" && textual) return true;
    if (fits) return true;
    out.wrongType(path, types.join(","), is);
    return false;
  }

  #checkString(value: string, path: string, out: Outcome): void {
    this.#checkLengths(value, path, out);
    out.matched++;
    if (this.#formatCheck === undefined) return;
    if (!this.#formatCheck(value)) out.wrongType(path, this.#format, value);
    out.matched++;
  }

  #checkLengths(value: string, path: string, out: Outcome): void {
    const { maxLength, minLength } = this.#schema;
    if (maxLength !== undefined && value.length > maxLength && characters(value) > maxLength) {
      return out.tooLong(path, maxLength);
    }
    if (minLength !== undefined && characters(value) < minLength) {
      return out.invalid(path, value, `should be at least ${minLength} chars long`);
    }
    if (this.#pattern === "") return;
    const pattern = this.#compiled ??= compiled(this.#pattern);
    if (pattern === undefined || !pattern.test(value)) {
      out.invalid(path, value, `should match '${this.#pattern}'`);
    }
  }

  #checkItems(
    value: readonly JsonValue[],
    path: string,
    before: Correlation | undefined,
    out: Outcome,
  ): void {
    const items = this.#items;
    if (items !== undefined) {
      for (let i = 0; i < value.length; i++) {
        const item = value[i] ?? null;
        const old = before === undefined ? undefined : indexOf(before, item);
        if (old === undefined) items.#run(item, `${path}[${i}]`, undefined, out);
        else out.merge(items.run(item, `${path}[${i}]`, old));
      }
    }
    const { minItems, maxItems, uniqueItems } = this.#schema;
    if (minItems !== undefined && value.length < minItems) {
      out.invalid(path, value.length, `should have at least ${minItems} items`);
    }
    if (maxItems !== undefined && value.length > maxItems) {
      out.tooMany(path, value.length, maxItems, "items");
    }
    if (
      uniqueItems === true && new Set(value.map((each) => JSON.stringify(each))).size < value.length
    ) {
      out.invalid(path, "", "shouldn't contain duplicates");
    }
  }

  #checkMembers(
    value: JsonObject,
    path: string,
    before: Correlation | undefined,
    out: Outcome,
  ): void {
    const { minProperties, maxProperties } = this.#schema;
    if (minProperties !== undefined || maxProperties !== undefined) {
      const count = Object.keys(value).length;
      if (minProperties !== undefined && count < minProperties) {
        out.invalid(path, count, `should have at least ${minProperties} properties`);
      }
      if (maxProperties !== undefined && count > maxProperties) {
        out.tooMany(path, count, maxProperties, "properties");
      }
    }
    this.#checkOthers(value, path, before, out);
    for (const [name, check] of this.#properties) {
      if (!Object.hasOwn(value, name)) continue;
      check.#member(value[name] ?? null, name, path === "" ? name : `${path}.${name}`, before, out);
    }
    for (const name of this.#required) {
      if (!Object.hasOwn(value, name)) out.required(`${path}.${name}`);
    }
  }

  /** Members that no property names. */
  #checkOthers(
    value: JsonObject,
    path: string,
    before: Correlation | undefined,
    out: Outcome,
  ): void {
    const additional = this.#additional;
    if (additional === true) return;
    for (const name in value) {
      if (this.#properties.has(name)) continue;
      if (additional === false) {
        const message = `${path}.${name} in body is a forbidden property`;
        out.add({
          message,
          tell: (errors, base) =>
            errors.invalid([base, path].filter(Boolean).join(".") || "<nil>", name, message),
        });
      } else additional.#member(value[name] ?? null, name, `${path}.${name}`, before, out);
    }
  }

  #member(
    value: JsonValue,
    name: string,
    path: string,
    before: Correlation | undefined,
    out: Outcome,
  ): void {
    const old = before === undefined ? undefined : keyOf(before, name);
    if (old === undefined) this.#run(value, path, undefined, out);
    else out.merge(this.run(value, path, old));
  }

  /** What several schemas say together is asked of the value as it is now. */
  #checkCombined(value: JsonValue, path: string, out: Outcome): void {
    if (this.#anyOf.length > 0) this.#checkAny(value, path, out);
    if (this.#oneOf.length > 0) this.#checkOne(value, path, out);
    if (this.#allOf.length > 0) {
      let valid = 0;
      for (const check of this.#allOf) {
        const result = check.#outcome(value, path);
        if (result.valid) valid++;
        out.merge(result);
      }
      if (valid < this.#allOf.length) {
        const more = valid === 0 ? ". None validated" : "";
        out.general(`${JSON.stringify(path)} must validate all the schemas (allOf)${more}`);
      }
    }
    if (this.#not !== undefined && this.#not.#outcome(value, path).valid) {
      out.general(`${JSON.stringify(path)} must not validate the schema (not)`);
    }
    out.matched++;
  }

  #outcome(value: JsonValue, path: string): Outcome {
    const out = new Outcome();
    this.#run(value, path, undefined, out);
    return out;
  }

  #checkAny(value: JsonValue, path: string, out: Outcome): void {
    let best: Outcome | undefined;
    for (const check of this.#anyOf) {
      const result = check.#outcome(value, path);
      if (result.valid) return out.merge(result);
      if (best === undefined || result.matched > best.matched) best = result;
    }
    out.general(`${JSON.stringify(path)} must validate at least one schema (anyOf)`);
    if (best !== undefined) out.merge(best);
  }

  #checkOne(value: JsonValue, path: string, out: Outcome): void {
    let best: Outcome | undefined;
    let first: Outcome | undefined;
    let valid = 0;
    for (const check of this.#oneOf) {
      const result = check.#outcome(value, path);
      if (result.valid) {
        valid++;
        first ??= result;
        best = undefined;
      } else if (valid === 0 && (best === undefined || result.matched > best.matched)) {
        best = result;
      }
    }
    if (valid === 1) {
      if (first !== undefined) out.merge(first);
      return;
    }
    const found = valid === 0 ? "Found none valid" : `Found ${valid} valid alternatives`;
    out.general(`${JSON.stringify(path)} must validate one and only one schema (oneOf). ${found}`);
    if (best !== undefined) out.merge(best);
  }

  #checkEnum(value: JsonValue, path: string, out: Outcome): void {
    const allowed = this.#enum;
    if (allowed === undefined) return;
    // Null is never among the values, not even where it stands there.
    if (value !== null && allowed.some((each) => equalJson(each, value))) return;
    out.notSupported(path, value, allowed);
  }
}
