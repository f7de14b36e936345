import { LIST_COST, MAP_COST, STRUCT_COST } from "./cost_unit.ts";
import type { ListLiteral, MapLiteral, StructLiteral } from "./expression.ts";
import type { Step } from "./frame.ts";
import type { Planner } from "./plan.ts";
import {
  ArrayList,
  CelFailure,
  CelOptional,
  type CelValue,
  EntryMap,
  isKey,
  NO_OVERLOAD,
  valueTypeName,
} from "./value.ts";
import { StructValue } from "./struct_value.ts";

function notOptional(value: CelValue): CelFailure {
  const type = valueTypeName(value);
  return new CelFailure(`cannot initialize optional entry from non-optional value of type ${type}`);
}

/** `[a, ?b]`. */
export function planList(planner: Planner, { elements, optional }: ListLiteral): Step {
  const steps = elements.map((element) => planner.plan(element));
  return (frame) => {
    const values: CelValue[] = [];
    for (let i = 0; i < steps.length; i++) {
      const value = (steps[i] as Step)(frame);
      if (value instanceof CelFailure) return value;
      if (!optional.has(i)) values.push(value);
      else if (!(value instanceof CelOptional)) return notOptional(value);
      else if (value.value !== undefined) values.push(value.value);
    }
    frame.charge(LIST_COST);
    return new ArrayList(values);
  };
}

/** `{a: b, ?c: d}`. */
export function planMap(planner: Planner, { entries }: MapLiteral): Step {
  const steps = entries.map(({ key, value, optional }) => ({
    key: planner.plan(key),
    value: planner.plan(value),
    optional,
  }));
  return (frame) => {
    const map = new EntryMap();
    for (const { key, value, optional } of steps) {
      const name = key(frame);
      if (name instanceof CelFailure) return name;
      let of = value(frame);
      if (of instanceof CelFailure) return of;
      if (!isKey(name)) return new CelFailure("unsupported key type");
      if (optional) {
        if (!(of instanceof CelOptional)) return notOptional(of);
        if (of.value === undefined) continue;
        of = of.value;
      }
      map.set(name, of);
    }
    frame.charge(MAP_COST);
    return map;
  };
}

/** `Name{a: b, ?c: d}`. */
export function planStruct(planner: Planner, { fields, type }: StructLiteral): Step {
  const steps = fields.map(({ name, value, optional }) => ({
    name,
    value: planner.plan(value),
    optional,
  }));
  if (type?.kind !== "object") return () => NO_OVERLOAD;
  return (frame) => {
    const members = new Map<string, CelValue>();
    for (const { name, value, optional } of steps) {
      let of = value(frame);
      if (of instanceof CelFailure) return of;
      if (optional) {
        if (!(of instanceof CelOptional)) return notOptional(of);
        if (of.value === undefined) continue;
        of = of.value;
      }
      members.set(name, of);
    }
    frame.charge(STRUCT_COST);
    return new StructValue(type, members);
  };
}
