import { isJsonObject } from "../../../base/mod.ts";
import type {
  CustomResourceDefinitionVersion as Version,
  ValidationRule,
} from "../../generated/types.ts";
import { goJson, GoText } from "../go_text.ts";
import type { JsonSchema } from "../node.ts";
import type { VersionParts } from "./shared_parts.ts";

const TEXT = '""';
const NULL = "null";
const FALSE = "false";

/** The members of a schema in the order of Kubernetes' own type, with what an absent one is written as. */
const SCHEMA_MEMBERS: readonly (readonly [go: string, member: string, absent: string])[] = [
  ["ID", "id", TEXT],
  ["Schema", "$schema", TEXT],
  ["Ref", "$ref", NULL],
  ["Description", "description", TEXT],
  ["Type", "type", TEXT],
  ["Nullable", "nullable", FALSE],
  ["Format", "format", TEXT],
  ["Title", "title", TEXT],
  ["Default", "default", NULL],
  ["Maximum", "maximum", NULL],
  ["ExclusiveMaximum", "exclusiveMaximum", FALSE],
  ["Minimum", "minimum", NULL],
  ["ExclusiveMinimum", "exclusiveMinimum", FALSE],
  ["MaxLength", "maxLength", NULL],
  ["MinLength", "minLength", NULL],
  ["Pattern", "pattern", TEXT],
  ["MaxItems", "maxItems", NULL],
  ["MinItems", "minItems", NULL],
  ["UniqueItems", "uniqueItems", FALSE],
  ["MultipleOf", "multipleOf", NULL],
  ["Enum", "enum", NULL],
  ["MaxProperties", "maxProperties", NULL],
  ["MinProperties", "minProperties", NULL],
  ["Required", "required", NULL],
  ["Items", "items", NULL],
  ["AllOf", "allOf", NULL],
  ["OneOf", "oneOf", NULL],
  ["AnyOf", "anyOf", NULL],
  ["Not", "not", NULL],
  ["Properties", "properties", NULL],
  ["AdditionalProperties", "additionalProperties", NULL],
  ["PatternProperties", "patternProperties", NULL],
  ["Dependencies", "dependencies", NULL],
  ["AdditionalItems", "additionalItems", NULL],
  ["Definitions", "definitions", NULL],
  ["ExternalDocs", "externalDocs", NULL],
  ["Example", "example", NULL],
  ["XPreserveUnknownFields", "x-kubernetes-preserve-unknown-fields", NULL],
  ["XEmbeddedResource", "x-kubernetes-embedded-resource", FALSE],
  ["XIntOrString", "x-kubernetes-int-or-string", FALSE],
  ["XListMapKeys", "x-kubernetes-list-map-keys", NULL],
  ["XListType", "x-kubernetes-list-type", NULL],
  ["XMapType", "x-kubernetes-map-type", NULL],
  ["XValidations", "x-kubernetes-validations", NULL],
];
/** A value that is shown is cut here: nobody reads more of it in a message. */
const SHOWN_CHARACTERS = 65_536;

/** A schema as Kubernetes' messages show one. */
export const goSchema = (schema: JsonSchema): GoText => shown((out) => writeSchema(schema, out));

/** A version as Kubernetes' messages show one: what it shares with all others stands elsewhere. */
export function goVersion(version: Version, shared: VersionParts): GoText {
  return shown((out) => {
    const own = (member: keyof VersionParts): unknown =>
      shared[member] === undefined ? version[member] : undefined;
    const { name = "", served = false, storage = false, deprecated = false } = version;
    out.push(
      `{"Name":${goJson(name)},"Served":${served},"Storage":${storage},"Deprecated":${deprecated}`,
      `,"DeprecationWarning":${goJson(version.deprecationWarning)},"Schema":`,
    );
    const schema = own("schema") as Version["schema"];
    if (schema?.openAPIV3Schema === undefined) out.push(NULL);
    else {
      out.push('{"OpenAPIV3Schema":');
      writeSchema(schema.openAPIV3Schema, out);
      out.push("}");
    }
    for (
      const [go, member] of [
        ["Subresources", "subresources"],
        ["AdditionalPrinterColumns", "additionalPrinterColumns"],
        ["SelectableFields", "selectableFields"],
      ] as const
    ) out.push(`,"${go}":${goJson(own(member))}`);
    out.push("}");
  });
}

/** Pieces of text, up to the bound. */
class Pieces {
  readonly #texts: string[] = [];
  #length = 0;

  get full(): boolean {
    return this.#length > SHOWN_CHARACTERS;
  }

  push(...texts: readonly string[]): void {
    for (const text of texts) {
      if (this.full) return;
      this.#texts.push(text);
      this.#length += text.length;
    }
  }

  text(): string {
    const all = this.#texts.join("");
    return this.full ? `${all.slice(0, SHOWN_CHARACTERS)}...` : all;
  }
}

function shown(write: (out: Pieces) => void): GoText {
  const out = new Pieces();
  write(out);
  return new GoText(out.text());
}

function writeSchema(schema: JsonSchema, out: Pieces): void {
  for (const [i, [go, member, absent]] of SCHEMA_MEMBERS.entries()) {
    if (out.full) return;
    out.push(`${i === 0 ? "{" : ","}"${go}":`);
    const value: unknown = (schema as Record<string, unknown>)[member];
    if (value === undefined || value === null) out.push(absent);
    else writeMember(member, value, out);
  }
  out.push("}");
}

function writeMember(member: string, value: unknown, out: Pieces): void {
  switch (member) {
    case "items":
      if (!isJsonObject(value)) break;
      out.push('{"Schema":');
      writeSchema(value as JsonSchema, out);
      return out.push(',"JSONSchemas":null}');
    case "additionalProperties":
    case "additionalItems":
      out.push(`{"Allows":${value !== false},"Schema":`);
      if (isJsonObject(value)) writeSchema(value as JsonSchema, out);
      else out.push(NULL);
      return out.push("}");
    case "not":
      return writeSchema(value as JsonSchema, out);
    case "allOf":
    case "oneOf":
    case "anyOf":
      return writeEach(value as JsonSchema[], out);
    case "properties":
    case "patternProperties":
    case "definitions": {
      const schemas = value as Record<string, JsonSchema>;
      for (const [i, name] of Object.keys(schemas).sort().entries()) {
        out.push(`${i === 0 ? "{" : ","}${goJson(name)}:`);
        writeSchema(schemas[name] ?? {}, out);
      }
      return out.push(Object.keys(schemas).length === 0 ? "{}" : "}");
    }
    case "externalDocs": {
      const { description = "", url = "" } = value as { description?: string; url?: string };
      return out.push(`{"Description":${goJson(description)},"URL":${goJson(url)}}`);
    }
    case "x-kubernetes-validations":
      return out.push(`[${(value as ValidationRule[]).map(goRule).join(",")}]`);
  }
  out.push(goJson(value));
}

function writeEach(schemas: readonly JsonSchema[], out: Pieces): void {
  out.push("[");
  for (const [i, schema] of schemas.entries()) {
    if (i > 0) out.push(",");
    writeSchema(schema, out);
  }
  out.push("]");
}

/** A rule as messages show one. */
export function goRule(rule: ValidationRule): string {
  return `{"Rule":${goJson(rule.rule ?? "")},"Message":${goJson(rule.message ?? "")}` +
    `,"MessageExpression":${goJson(rule.messageExpression ?? "")}` +
    `,"Reason":${goJson(rule.reason)},"FieldPath":${goJson(rule.fieldPath ?? "")}` +
    `,"OptionalOldSelf":${goJson(rule.optionalOldSelf)}}`;
}
