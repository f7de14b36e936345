import { fieldSchema, type Schema, type StructSchema } from "../schema.ts";
import { escapeName } from "./escape.ts";
import {
  BOOL,
  BYTES,
  type CelField,
  type CelFields,
  type CelObjectType,
  type CelType,
  DOUBLE,
  DYN,
  INT,
  mapOf,
  STRING,
  TIMESTAMP,
} from "./type.ts";

/** Types of structs are built once, and their fields when they are first asked for: structs refer to themselves. */
const built = new WeakMap<StructSchema, CelObjectType>();

/** The type that expressions see of a built-in kind's schema. */
export function celTypeOfBuiltin(schema: StructSchema): CelObjectType {
  const known = built.get(schema);
  if (known !== undefined) return known;
  const type: CelObjectType = {
    kind: "object",
    name: schema.name,
    fields: new StructFields(schema),
  };
  built.set(schema, type);
  return type;
}

class StructFields implements CelFields {
  readonly #schema: StructSchema;
  #fields: Map<string, CelField> | undefined;

  constructor(schema: StructSchema) {
    this.#schema = schema;
  }

  get(name: string): CelField | undefined {
    this.#fields ??= this.#build();
    return this.#fields.get(name);
  }

  #build(): Map<string, CelField> {
    const fields = new Map<string, CelField>();
    for (const [wireName, field] of Object.entries(this.#schema.fields)) {
      const type = typeOf(fieldSchema(field));
      const name = escapeName(wireName);
      if (type !== undefined && name !== undefined) fields.set(name, { type, wireName });
    }
    return fields;
  }
}

function typeOf(schema: Schema): CelType | undefined {
  switch (schema.type) {
    case "struct":
      return celTypeOfBuiltin(schema);
    case "map": {
      const value = typeOf(schema.values);
      return value === undefined ? undefined : mapOf(STRING, value);
    }
    case "list": {
      const element = typeOf(schema.items);
      if (element === undefined) return undefined;
      const { listType } = schema;
      return {
        kind: "list",
        element,
        listType,
        ...(schema.keys === undefined ? {} : { keys: schema.keys.map(({ name }) => name) }),
      };
    }
    case "boolean":
      return BOOL;
    case "int32":
    case "int64":
      return INT;
    case "double":
      return DOUBLE;
    case "intOrString":
      return { ...DYN, wire: "intOrString" };
    case "time":
    case "microTime":
      return TIMESTAMP;
    case "bytes":
      return BYTES;
    case "string":
    case "quantity":
    case "duration":
      return STRING;
    // Free JSON has no type that an expression could be checked against.
    case "any":
      return undefined;
  }
}
