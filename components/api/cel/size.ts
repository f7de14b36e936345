import type { Expression } from "./expression.ts";
import type { Range } from "./overload.ts";
import { fixed, union } from "./range.ts";
import type { CelType } from "./type.ts";
import { costSize, TypeValue } from "./value.ts";

/** Sizes of the keys (or indices) and values of a list or a map that an expression makes. */
export interface Entries {
  readonly of: "list" | "map";
  readonly key: Range;
  readonly value: Range;
}

/** Where in the declared data a node leads: undefined for nowhere, null for where nothing is declared. */
export type Place = CelType | null | undefined;

/** The type of the elements of a list or the values of a map. */
export function valueType(type: CelType): CelType | undefined {
  return type.kind === "list" ? type.element : type.kind === "map" ? type.value : undefined;
}

/** Sizes that hold for both. */
export function unionEntries(a: Entries, b: Entries): Entries {
  return { of: a.of, key: union(a.key, b.key), value: union(a.value, b.value) };
}

/** The size of what is written out. */
export function literalSize(node: Expression): Range | undefined {
  switch (node.is) {
    case "literal":
      return node.value instanceof TypeValue ? undefined : fixed(costSize(node.value));
    case "list":
      return fixed(node.elements.length);
    case "map":
      return fixed(node.entries.length);
    default:
      return undefined;
  }
}

/** Declared types say how large at most. */
export function sizeOfDeclared(type: Place): Range | undefined {
  const max = (type as { maxElements?: number } | null | undefined)?.maxElements;
  return max === undefined ? undefined : { min: 0, max };
}

/** What has one size only. */
export function sizeOfType(type: CelType | undefined): Range | undefined {
  switch (type?.kind) {
    case "bool":
    case "double":
    case "duration":
    case "int":
    case "timestamp":
    case "uint":
      return fixed(1);
    case "opaque":
      return type.name === "optional_type" ? sizeOfType(type.parameters[0]) : undefined;
    default:
      return undefined;
  }
}
