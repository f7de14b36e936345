import type { Library, Overload } from "./overload.ts";
import { libraries, patchLibraries } from "./library/mod.ts";
import {
  BOOL,
  BYTES,
  type CelType,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  listOf,
  mapOf,
  NULL,
  optionalOf,
  STRING,
  TIMESTAMP,
  UINT,
} from "./type.ts";

/** A function by its name, the overloads in the order in which they are tried. */
export type Functions = ReadonlyMap<string, readonly Overload[]>;

export interface Environment {
  readonly functions: Functions;
  /** Names of types, which expressions use as values. */
  readonly types: ReadonlyMap<string, CelType>;
}

const TYPES: Readonly<Record<string, CelType>> = {
  bool: BOOL,
  bytes: BYTES,
  double: DOUBLE,
  int: INT,
  list: listOf(DYN),
  map: mapOf(DYN, DYN),
  null_type: NULL,
  optional_type: optionalOf(DYN),
  string: STRING,
  type: { kind: "type", of: undefined },
  uint: UINT,
  "google.protobuf.Duration": DURATION,
  "google.protobuf.Timestamp": TIMESTAMP,
};

let base: Environment | undefined;
let patching: Environment | undefined;

/** All functions and types that Kubernetes' expressions have; built once. */
export function environment(): Environment {
  return base ??= build(libraries);
}

/** The same with what expressions of mutating policies have besides. */
export function patchEnvironment(): Environment {
  return patching ??= build([...libraries, ...patchLibraries]);
}

function build(all: readonly Library[]): Environment {
  const functions = new Map<string, Overload[]>();
  const types = new Map(Object.entries(TYPES));
  for (const library of all) {
    for (const overload of library.overloads) {
      const same = functions.get(overload.name);
      if (same === undefined) functions.set(overload.name, [overload]);
      else same.push(overload);
    }
    for (const [name, type] of Object.entries(library.types ?? {})) types.set(name, type);
  }
  return { functions, types };
}
