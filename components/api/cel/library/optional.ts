import { functions, methods, type Overload } from "../overload.ts";
import { BOOL, listOf, optionalOf, parameter } from "../type.ts";
import {
  ArrayList,
  CelFailure,
  CelList,
  CelMap,
  CelOptional,
  type CelValue,
  Duration,
  NO_OVERLOAD,
  Timestamp,
  Uint,
} from "../value.ts";

const V = parameter("V");
const OPTIONAL = optionalOf(V);
const LIST = listOf(V);

/** Empty texts, lists and maps, zeros, false and null are no values to `ofNonZeroValue`. */
function isZero(value: CelValue): boolean {
  switch (typeof value) {
    case "string":
      return value === "";
    case "boolean":
      return !value;
    case "bigint":
      return value === 0n;
    case "number":
      return value === 0;
  }
  if (value === null) return true;
  if (value instanceof CelList || value instanceof CelMap) return value.size === 0;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Duration) return value.nanos === 0n;
  if (value instanceof Timestamp) return value.nanos === -62135596800000000000n;
  return value instanceof CelOptional && value.value === undefined;
}

const at = (index: (list: CelList) => number) => (list: CelList): CelValue =>
  list.size === 0 ? CelOptional.none : new CelOptional(list.get(index(list)));

function unwrap(list: CelList): CelValue {
  const values: CelValue[] = [];
  for (let i = 0; i < list.size; i++) {
    const value = list.get(i);
    if (!(value instanceof CelOptional)) return NO_OVERLOAD;
    if (value.value !== undefined) values.push(value.value);
  }
  return new ArrayList(values);
}

/** `or` and `orValue` are carried out by the program itself: they do not always take their argument. */
const unreachable = (): CelValue => NO_OVERLOAD;

/** Values that may be absent. */
export const optional: readonly Overload[] = [
  ...functions("optional.of", [
    ["optional_of", [V], OPTIONAL, (value: CelValue) => new CelOptional(value)],
  ]),
  ...functions("optional.ofNonZeroValue", [
    [
      "optional_ofNonZeroValue",
      [V],
      OPTIONAL,
      (value: CelValue) => isZero(value) ? CelOptional.none : new CelOptional(value),
    ],
  ]),
  ...functions("optional.none", [["optional_none", [], OPTIONAL, () => CelOptional.none]]),
  ...methods("value", [
    [
      "optional_value",
      [OPTIONAL],
      V,
      ({ value }: CelOptional) =>
        value ?? (value === null ? null : new CelFailure("optional.none() dereference")),
    ],
  ]),
  ...methods("hasValue", [
    ["optional_hasValue", [OPTIONAL], BOOL, ({ value }: CelOptional) => value !== undefined],
  ]),
  ...methods("or", [["optional_or_optional", [OPTIONAL, OPTIONAL], OPTIONAL, unreachable]]),
  ...methods("orValue", [["optional_orValue_value", [OPTIONAL, V], V, unreachable]]),
  ...methods("first", [["list_first", [LIST], OPTIONAL, at(() => 0)]]),
  ...methods("last", [["list_last", [LIST], OPTIONAL, at((list) => list.size - 1)]]),
  ...functions("optional.unwrap", [
    ["optional_unwrap", [listOf(OPTIONAL)], LIST, unwrap],
  ]),
  ...methods("unwrapOpt", [["optional_unwrapOpt", [listOf(OPTIONAL)], LIST, unwrap]]),
];
