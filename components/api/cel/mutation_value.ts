import { StructValue } from "./struct_value.ts";
import { toJson } from "./to_json.ts";
import { CelFailure, CelList, CelOptional, type CelValue } from "./value.ts";

/**
 * The configuration that an expression made, as JSON. Its objects must be named after the places where they stand:
 * `Object.spec{}` is for the field `spec` of `Object{}`. Throws an `Error` where one is not.
 */
export function celMutationObject(value: CelValue): unknown | CelFailure {
  if (value instanceof CelFailure) return value;
  const misplaced = misplacedIn(value, "Object");
  if (misplaced !== undefined) throw new Error(`type mismatch: ${misplaced}`);
  return toJson(value);
}

function misplacedIn(value: CelValue, place: string): string | undefined {
  if (value instanceof CelOptional) {
    return value.value === undefined ? undefined : misplacedIn(value.value, place);
  }
  if (value instanceof CelList) {
    for (let i = 0; i < value.size; i++) {
      const found = misplacedIn(value.get(i) as CelValue, place);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!(value instanceof StructValue)) return undefined;
  const { name } = value.type;
  if (name !== place) {
    return `unexpected type name ${JSON.stringify(name)}, expected ${
      JSON.stringify(place)
    }, which matches field name path from root Object type`;
  }
  for (const key of value.keys()) {
    const found = misplacedIn(value.find(key) as CelValue, `${place}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
