import { noSuchKey } from "./library/operators.ts";
import { CelFailure, CelList, CelMap, CelOptional, type CelValue } from "./value.ts";

/** `has(value.field)`. */
export function has(value: CelValue, field: string): CelValue {
  if (value instanceof CelFailure) return value;
  if (value instanceof CelMap) return value.find(field) !== undefined;
  return value instanceof CelOptional && value.value !== undefined && has(value.value, field);
}

/** `value.field`. */
export function member(value: CelValue, field: string): CelValue {
  if (value instanceof CelMap) {
    const found = value.find(field);
    return found === undefined ? noSuchKey(field) : found;
  }
  // A member of an optional is optional.
  if (value instanceof CelOptional) return optionalMember(value, field);
  if (value instanceof CelList) return new CelFailure("unsupported index type 'string' in list");
  return noSuchKey(field);
}

/** `value.?field`. */
export function optionalMember(value: CelValue, field: string): CelValue {
  const inner = value instanceof CelOptional ? value.value : value;
  if (!(inner instanceof CelMap)) return CelOptional.none;
  const found = inner.find(field);
  if (found === undefined) return CelOptional.none;
  return found instanceof CelFailure ? found : new CelOptional(found);
}
