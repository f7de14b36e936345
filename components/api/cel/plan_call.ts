import type { Step } from "./frame.ts";
import type { Call } from "./expression.ts";
import type { Overload } from "./overload.ts";
import type { CelType } from "./type.ts";
import {
  CelFailure,
  CelList,
  CelMap,
  CelOpaque,
  CelOptional,
  type CelValue,
  Duration,
  NO_OVERLOAD,
  Timestamp,
  TypeValue,
  Uint,
  valueTypeName,
} from "./value.ts";

type Guard = (value: CelValue) => boolean;

const ANY: Guard = () => true;

/** Whether a value is of a parameter's type, as far as it can tell by itself. */
function guardOf(type: CelType): Guard {
  switch (type.kind) {
    case "bool":
      return (value) => typeof value === "boolean";
    case "int":
      return (value) => typeof value === "bigint";
    case "double":
      return (value) => typeof value === "number";
    case "string":
      return (value) => typeof value === "string";
    case "null":
      return (value) => value === null;
    case "uint":
      return (value) => value instanceof Uint;
    case "bytes":
      return (value) => value instanceof Uint8Array;
    case "duration":
      return (value) => value instanceof Duration;
    case "timestamp":
      return (value) => value instanceof Timestamp;
    case "list": {
      // The first element tells the type of all.
      const element = guardOf(type.element);
      if (element === ANY) return (value) => value instanceof CelList;
      return (value) =>
        value instanceof CelList && (value.size === 0 || element(value.get(0) as CelValue));
    }
    case "map":
    case "object":
      return (value) => value instanceof CelMap;
    case "type":
      return (value) => value instanceof TypeValue;
    case "opaque":
      return type.name === "optional_type"
        ? (value) => value instanceof CelOptional
        : (value) => value instanceof CelOpaque && value.typeName === type.name;
    default:
      return ANY;
  }
}

/** The types, by their names, that an operator may begin with. */
const OPERANDS: Readonly<Record<string, string>> = {
  "_+_": "int uint double bytes list",
  "_-_": "int uint double",
  "_*_": "int uint double",
  "_/_": "int uint double",
  "_%_": "int uint",
  "-_": "int double",
  "!_": "bool",
  "_<_": "bool int uint double bytes",
  "_<=_": "bool int uint double bytes",
  "_>_": "bool int uint double bytes",
  "_>=_": "bool int uint double bytes",
};
/** Functions that say only that there is no overload. */
const NAMELESS = new Set(["@in", "startsWith", "endsWith", "contains", "matches"]);
/** Values that answer for themselves, without the operator's name. */
const ANSWERING = new Set(["string", "google.protobuf.Duration", "google.protobuf.Timestamp"]);

/** Functions that cost what they cost whichever overload the values choose. */
const COSTED_BY_NAME = new Set([
  ..."isSorted sum max min indexOf lastIndexOf containsIP containsCIDR".split(" "),
]);

/** What is said when the values are of no overload's types. */
function noOverload(name: string): (...values: readonly CelValue[]) => CelFailure {
  if (NAMELESS.has(name)) return () => NO_OVERLOAD;
  const named = new CelFailure(`no such overload: ${name}`);
  if (name === "size") return () => named;
  const operands = OPERANDS[name]?.split(" ");
  if (operands === undefined) {
    return (...values) =>
      new CelFailure(`no such overload: ${name}(${values.map(valueTypeName).join(", ")})`);
  }
  return (first) => {
    const type = valueTypeName(first ?? null);
    return operands.includes(type) || ANSWERING.has(type) ? NO_OVERLOAD : named;
  };
}

/** A call of one of the overloads that the values' types choose. */
export function planCall(node: Call, args: readonly Step[]): Step {
  const overloads = node.overloads ?? [];
  const wrong = noOverload(node.name);
  const [only] = overloads;
  if (only !== undefined && overloads.length === 1) {
    if (args.length === 1) return unary(only, args[0] as Step, wrong);
    if (args.length === 2) return binary(only, args[0] as Step, args[1] as Step, wrong);
  }
  const choices = overloads.map((overload) => ({
    overload,
    guards: overload.parameters.map(guardOf),
  }));
  // Upstream knows most costs by the overload: where the values choose one, the call costs one.
  const costed = overloads.length === 1 || COSTED_BY_NAME.has(node.name);
  return (frame) => {
    const values: CelValue[] = [];
    for (const argument of args) {
      const value = argument(frame);
      if (value instanceof CelFailure) return value;
      values.push(value);
    }
    for (const { overload, guards } of choices) {
      if (!guards.every((guard, i) => guard(values[i] as CelValue))) continue;
      const result = (overload.call as (...args: CelValue[]) => CelValue)(...values);
      frame.charge(costed && overload.cost !== undefined ? overload.cost(values, result) : 1);
      return result;
    }
    frame.charge(1);
    return wrong(...values);
  };
}

type Wrong = ReturnType<typeof noOverload>;

function unary(overload: Overload, argument: Step, wrong: Wrong): Step {
  const call = overload.call as unknown as (value: CelValue) => CelValue;
  const guard = guardOf(overload.parameters[0] as CelType);
  const { cost, lenient } = overload;
  return (frame) => {
    const value = argument(frame);
    if (lenient !== true) {
      const failure = value instanceof CelFailure ? value : guard(value) ? undefined : wrong(value);
      if (failure !== undefined) {
        frame.charge(1);
        return failure;
      }
    }
    const result = call(value);
    frame.charge(cost === undefined ? 1 : cost([value], result));
    return result;
  };
}

function binary(overload: Overload, left: Step, right: Step, wrong: Wrong): Step {
  const call = overload.call as unknown as (a: CelValue, b: CelValue) => CelValue;
  const first = guardOf(overload.parameters[0] as CelType);
  const second = guardOf(overload.parameters[1] as CelType);
  const { cost } = overload;
  return (frame) => {
    const a = left(frame);
    const b = right(frame);
    const failure = a instanceof CelFailure
      ? a
      : b instanceof CelFailure
      ? b
      : first(a) && second(b)
      ? undefined
      : wrong(a, b);
    if (failure !== undefined) {
      frame.charge(1);
      return failure;
    }
    const result = call(a, b);
    frame.charge(cost === undefined ? 1 : cost([a, b], result));
    return result;
  };
}
