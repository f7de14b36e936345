import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionSpec as Spec,
  CustomResourceDefinitionVersion as Version,
  CustomResourceSubresources,
  SelectableField,
} from "../../generated/types.ts";
import { type JsonSchema, readNode } from "../node.ts";
import { ValueErrors } from "../value_errors.ts";
import { checkDefaults } from "./default_rules.ts";
import { validFieldPath } from "./field_path.ts";
import { goSchema } from "./go_values.ts";
import type { VersionOptions } from "./options.ts";
import { checkSchemaRules } from "./cel_rules.ts";
import { checkSchema } from "./schema_rules.ts";
import type { VersionParts } from "./shared_parts.ts";
import { structuralProblems } from "./structural_rules.ts";
import { hasSchema, unsupportedText } from "./unsupported.ts";

/** More fields than this cost each object too much. */
const SELECTABLE_FIELDS = 8;
/** Compiling each takes a fifth of a millisecond, in which the server answers nobody. */
const PATTERNS_MAXIMUM = 4000;
const COLUMN_TYPES = ["boolean", "date", "integer", "number", "string"];
const COLUMN_FORMATS = [
  "byte",
  "date",
  "date-time",
  "double",
  "float",
  "int32",
  "int64",
  "password",
];
/** What a schema may say at its root when its status is written by itself. */
const ROOT_MEMBERS: Readonly<Record<string, string>> = {
  description: "Description",
  type: "Type",
  format: "Format",
  title: "Title",
  maximum: "Maximum",
  exclusiveMaximum: "ExclusiveMaximum",
  minimum: "Minimum",
  exclusiveMinimum: "ExclusiveMinimum",
  maxLength: "MaxLength",
  minLength: "MinLength",
  pattern: "Pattern",
  maxItems: "MaxItems",
  minItems: "MinItems",
  uniqueItems: "UniqueItems",
  multipleOf: "MultipleOf",
  required: "Required",
  items: "Items",
  properties: "Properties",
  externalDocs: "ExternalDocs",
  example: "Example",
  "x-kubernetes-preserve-unknown-fields": "XPreserveUnknownFields",
  "x-kubernetes-validations": "XValidations",
};

/**
 * Checks the parts of one version but for those in `shared`, or, without it, the parts that all have alike, which then
 * are `version`.
 */
export function checkVersionParts(
  version: Version | VersionParts,
  shared: VersionParts | undefined,
  spec: Spec,
  path: string,
  options: VersionOptions,
  errors: ValueErrors,
): void {
  const own = <M extends keyof VersionParts>(member: M): VersionParts[M] | undefined =>
    shared?.[member] === undefined ? version[member] : undefined;
  const name = "name" in version ? version.name ?? "" : undefined;
  if (shared !== undefined) checkDeprecation(version as Version, path, errors);
  const schema = own("schema")?.openAPIV3Schema;
  const schemaAt = shared === undefined ? `${path}.validation` : `${path}.schema`;
  if (schema !== undefined) {
    const hasStatus = shared === undefined
      ? (spec.versions ?? []).some(({ subresources }) => subresources?.status !== undefined)
      : version.subresources?.status !== undefined;
    const unchanged = name === undefined
      ? options.unchangedSchemas.has(spec.versions?.[0]?.name ?? "")
      : options.unchangedSchemas.has(name);
    checkVersionSchema(schema, schemaAt, hasStatus, unchanged, options, errors);
  }
  checkSubresources(own("subresources"), `${path}.subresources`, errors);
  for (const [i, column] of (own("additionalPrinterColumns") ?? []).entries()) {
    checkColumn(column, `${path}.additionalPrinterColumns[${i}]`, errors);
  }
  const fields = own("selectableFields") ?? [];
  if (fields.length === 0) return;
  const known = own("schema")?.openAPIV3Schema;
  if (known === undefined) {
    const text = shared === undefined
      ? "may only be set when validations.schema is included"
      : "may only be set when `version.schema.openAPIV3Schema` is not included";
    errors.invalid(`${path}.selectableFields`, "", text);
    return;
  }
  const allowed = options.tooManyFieldsAllowed.has(name ?? spec.versions?.[0]?.name ?? "");
  checkSelectable(fields, known, `${path}.selectableFields`, allowed, errors);
}

function checkVersionSchema(
  schema: JsonSchema,
  path: string,
  hasStatus: boolean,
  unchanged: boolean,
  options: VersionOptions,
  out: ValueErrors,
): void {
  const errors = new ValueErrors();
  const at = `${path}.openAPIV3Schema`;
  if (hasStatus) checkRoot(schema, at, errors);
  if (schema.nullable === true) {
    errors.forbidden(`${at}.nullable`, "nullable cannot be true at the root");
  }
  if (countPatterns(schema) > PATTERNS_MAXIMUM) {
    out.forbidden(at, `must not have more than ${PATTERNS_MAXIMUM} patterns`);
    return;
  }
  let unsupported: string | undefined;
  let sound = false;
  if (options.requireStructural) {
    unsupported = unsupportedText(schema);
    if (unsupported === undefined) {
      const problems = structuralProblems(at, schema);
      errors.list.push(...problems);
      if (problems.length === 0) {
        const before = errors.list.length;
        checkDefaults(schema, at, options.requirePruned, errors);
        sound = errors.list.length === before;
      }
    }
  }
  const before = errors.list.length;
  checkSchema(schema, at, options, errors);
  // Rules are read only of a schema that says what it is about.
  if (sound && errors.list.length === before) {
    checkSchemaRules(schema, at, unchanged, options, errors);
  }
  if (errors.list.length === 0 && unsupported !== undefined) errors.invalid(at, "", unsupported);
  out.list.push(...errors.list);
}

function countPatterns(schema: JsonSchema): number {
  let count = 0;
  hasSchema(schema, ({ pattern = "" }) => {
    if (pattern !== "") count++;
    return count > PATTERNS_MAXIMUM;
  });
  return count;
}

function checkRoot(schema: JsonSchema, path: string, errors: ValueErrors): void {
  for (const [member, value] of Object.entries(schema)) {
    const empty = value === undefined || value === false || value === "" || value === null ||
      typeof value === "object" && Object.keys(value).length === 0;
    if (empty) continue;
    if (member === "type" && value !== "object") {
      errors.invalid(
        `${path}.type`,
        value,
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
      );
      return;
    }
    if (Object.hasOwn(ROOT_MEMBERS, member)) continue;
    errors.invalid(
      path,
      goSchema(schema),
      `only [${
        Object.values(ROOT_MEMBERS).join(" ")
      }] fields are allowed at the root of the schema if the status subresource is enabled`,
    );
    return;
  }
}

function checkDeprecation(version: Version, path: string, errors: ValueErrors): void {
  const { deprecated, deprecationWarning: warning } = version;
  const at = `${path}.deprecationWarning`;
  if (warning === undefined) return;
  if (deprecated !== true) {
    errors.invalid(at, warning, "can only be set for deprecated versions");
    return;
  }
  if (new TextEncoder().encode(warning).length > 256) {
    errors.invalid(at, warning, "must be <= 256 characters long");
  }
  if (warning === "") errors.invalid(at, warning, "must not be an empty string");
  const hidden = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(warning);
  if (hidden !== null) {
    const index = new TextEncoder().encode(warning.slice(0, hidden.index)).length;
    errors.invalid(
      at,
      warning,
      `must only contain printable UTF-8 characters; non-printable character found at index ${index}`,
    );
  }
}

function checkSubresources(
  subresources: CustomResourceSubresources | undefined,
  path: string,
  errors: ValueErrors,
): void {
  const { scale } = subresources ?? {};
  if (scale === undefined) return;
  const { specReplicasPath = "", statusReplicasPath = "", labelSelectorPath = "" } = scale;
  const check = (member: string, value: string, prefixes: readonly string[], text: string) => {
    const at = `${path}.scale.${member}`;
    if (!isSimplePath(value)) {
      errors.invalid(at, value, "must be a simple json path starting with .");
    } else if (!prefixes.some((prefix) => value.startsWith(prefix))) {
      errors.invalid(at, value, text);
    }
  };
  if (specReplicasPath === "") errors.required(`${path}.scale.specReplicasPath`);
  else check("specReplicasPath", specReplicasPath, [".spec."], "should be a json path under .spec");
  if (statusReplicasPath === "") errors.required(`${path}.scale.statusReplicasPath`);
  else {
    const text = "should be a json path under .status";
    check("statusReplicasPath", statusReplicasPath, [".status."], text);
  }
  if (labelSelectorPath !== "") {
    const text = "should be a json path under either .spec or .status";
    check("labelSelectorPath", labelSelectorPath, [".spec.", ".status."], text);
  }
}

const isSimplePath = (path: string): boolean => path.startsWith(".");

function checkColumn(
  column: CustomResourceColumnDefinition,
  path: string,
  errors: ValueErrors,
): void {
  const { name = "", type = "", format = "", jsonPath = "" } = column;
  if (name === "") errors.required(`${path}.name`);
  const types = `must be one of ${COLUMN_TYPES.join(",")}`;
  if (type === "") errors.required(`${path}.type`, types);
  else if (!COLUMN_TYPES.includes(type)) errors.invalid(`${path}.type`, type, types);
  if (format !== "" && !COLUMN_FORMATS.includes(format)) {
    errors.invalid(`${path}.format`, format, `must be one of ${COLUMN_FORMATS.join(",")}`);
  }
  if (jsonPath === "") errors.required(`${path}.JSONPath`);
  else if (!isSimplePath(jsonPath)) {
    errors.invalid(`${path}.JSONPath`, jsonPath, "must be a simple json path starting with .");
  }
}

function checkSelectable(
  fields: readonly SelectableField[],
  schema: JsonSchema,
  path: string,
  tooManyAllowed: boolean,
  errors: ValueErrors,
): void {
  const node = readNode(schema);
  const seen = new Set<string>();
  for (const [i, { jsonPath = "" }] of fields.entries()) {
    const at = `${path}[${i}].jsonPath`;
    if (jsonPath === "") {
      errors.required(at);
      continue;
    }
    const found = validFieldPath(jsonPath, node, false);
    if ("error" in found) {
      errors.invalid(at, jsonPath, `is an invalid path: ${found.error}`);
      continue;
    }
    if (found.root === "metadata") {
      errors.invalid(at, jsonPath, "must not point to fields in metadata");
    }
    if (!["string", "boolean", "integer"].includes(found.node?.type ?? "")) {
      errors.invalid(
        at,
        jsonPath,
        "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.",
      );
    }
    if (seen.has(found.path)) errors.duplicate(at, jsonPath);
    seen.add(found.path);
  }
  if (seen.size > SELECTABLE_FIELDS && !tooManyAllowed) {
    errors.tooMany(path, seen.size, SELECTABLE_FIELDS);
  }
}
