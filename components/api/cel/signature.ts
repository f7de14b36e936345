import type { Overload } from "./overload.ts";
import {
  BOOL,
  BYTES,
  type CelType,
  DOUBLE,
  INT,
  listOf,
  mapOf,
  NULL,
  STRING,
  typeParameters,
  UINT,
} from "./type.ts";
import type { Substitutions } from "./unify.ts";
import { Uint } from "./value.ts";

/** A signature with parameters of its own, so that one call does not bind another's. */
export function instantiate(
  { parameters, result }: Overload,
  substitutions: Substitutions,
): { parameters: CelType[]; result: CelType } {
  const fresh = new Map<string, CelType>();
  const rename = (type: CelType): CelType => {
    if (type.kind === "parameter") {
      const known = fresh.get(type.name) ?? substitutions.freshParameter();
      fresh.set(type.name, known);
      return known;
    }
    switch (type.kind) {
      case "list":
        return listOf(rename(type.element));
      case "map":
        return mapOf(rename(type.key), rename(type.value));
      case "opaque":
        return type.parameters.length === 0
          ? type
          : { ...type, parameters: type.parameters.map(rename) };
      case "type":
        return type.of === undefined ? type : { kind: "type", of: rename(type.of) };
      default:
        return type;
    }
  };
  return { parameters: parameters.map(rename), result: rename(result) };
}

/** The `T` of `optional_type(T)`. */
export function optionalInner(type: CelType): CelType | undefined {
  return type.kind === "opaque" && type.name === "optional_type"
    ? typeParameters(type)[0]
    : undefined;
}

/** The type of a literal. */
export function literalType(value: unknown): CelType {
  switch (typeof value) {
    case "boolean":
      return BOOL;
    case "bigint":
      return INT;
    case "number":
      return DOUBLE;
    case "string":
      return STRING;
  }
  if (value instanceof Uint) return UINT;
  return value === null ? NULL : BYTES;
}
