import { isSchema, type JsonSchema } from "../node.ts";
import type { ValueErrors } from "../value_errors.ts";

/** What is said of values must be said of fields that the schema names. */
export function checkCompleteness(schema: JsonSchema, path: string, errors: ValueErrors): void {
  checkParts(schema, schema, path, path, errors);
}

function checkParts(
  values: JsonSchema,
  schema: JsonSchema | undefined,
  schemaPath: string,
  path: string,
  errors: ValueErrors,
): void {
  if (isSchema(values.not)) checkPart(values.not, schema, schemaPath, `${path}.not`, errors);
  for (const member of ["allOf", "anyOf", "oneOf"] as const) {
    for (const [i, each] of (values[member] ?? []).entries()) {
      checkPart(each, schema, schemaPath, `${path}.${member}[${i}]`, errors);
    }
  }
}

function checkPart(
  values: JsonSchema,
  schema: JsonSchema | undefined,
  schemaPath: string,
  path: string,
  errors: ValueErrors,
): void {
  if (schema === undefined) {
    errors.required(schemaPath, `because it is defined in ${path}`);
    return;
  }
  checkParts(values, schema, schemaPath, path, errors);
  if (isSchema(values.items)) {
    const items = isSchema(schema.items) ? schema.items : undefined;
    checkPart(values.items, items, `${schemaPath}.items`, `${path}.items`, errors);
  }
  for (const [name, property] of Object.entries(values.properties ?? {})) {
    const known = schema.properties !== undefined && Object.hasOwn(schema.properties, name)
      ? schema.properties[name]
      : undefined;
    checkPart(
      property,
      known,
      `${schemaPath}.properties[${name}]`,
      `${path}.properties[${name}]`,
      errors,
    );
  }
}
