import type {
  Call,
  Expression,
  ListLiteral,
  MapLiteral,
  Select,
  StructLiteral,
} from "./expression.ts";
import { LIST_COST, MAP_COST, STRUCT_COST } from "./cost_unit.ts";
import type { Step } from "./frame.ts";
import { planCall } from "./plan_call.ts";
import { planComprehension } from "./plan_comprehension.ts";
import { noSuchKey } from "./library/operators.ts";
import { type CelType, typeName } from "./type.ts";
import {
  ArrayList,
  CelFailure,
  CelMap,
  CelOptional,
  type CelValue,
  EntryMap,
  isKey,
  NO_OVERLOAD,
  TypeValue,
} from "./value.ts";
import { StructValue, toCel } from "./wire.ts";

/** Turns a checked expression into functions that call one another. */
export class Planner {
  /** Places of variables: those of the program by name, those of comprehensions as a stack above. */
  readonly #globals: Map<string, number> = new Map();
  readonly #locals: { readonly name: string; readonly slot: number }[] = [];
  readonly #variable: (name: string) => CelType | undefined;
  /** Macros may use one node twice: it is planned once. */
  readonly #planned: Map<Expression, Step> = new Map();
  slots = 0;

  constructor(variable: (name: string) => CelType | undefined) {
    this.#variable = variable;
  }

  /** Names of the variables that the program reads. */
  get reads(): ReadonlySet<string> {
    return new Set(this.#globals.keys());
  }

  plan(node: Expression): Step {
    const known = this.#planned.get(node);
    if (known !== undefined) return known;
    const step = this.#step(node);
    this.#planned.set(node, step);
    return step;
  }

  /** A place for a variable of a comprehension, until `leave`. */
  enter(name: string): number {
    const slot = this.slots++;
    this.#locals.push({ name, slot });
    return slot;
  }

  leave(): void {
    this.#locals.pop();
  }

  #step(node: Expression): Step {
    switch (node.is) {
      case "literal": {
        const { value } = node;
        return () => value;
      }
      case "ident":
        return this.#ident(node.name, node.type as CelType);
      case "select":
        if (node.resolved !== undefined) {
          return this.#ident(node.resolved.name, node.resolved.type as CelType);
        }
        return this.#select(node);
      case "call":
        return this.#call(node);
      case "list":
        return this.#list(node);
      case "map":
        return this.#map(node);
      case "struct":
        return this.#struct(node);
      case "comprehension":
        return planComprehension(this, node);
    }
  }

  #ident(name: string, type: CelType): Step {
    const local = name.startsWith(".")
      ? undefined
      : this.#locals.findLast((variable) => variable.name === name);
    if (local !== undefined) {
      const { slot } = local;
      return (frame) => {
        frame.charge(1);
        return frame.slots[slot] as CelValue;
      };
    }
    const global = name.startsWith(".") ? name.slice(1) : name;
    const declared = this.#variable(global);
    if (declared === undefined) {
      const value = new TypeValue(type.kind === "type" && type.of ? typeName(type.of) : global);
      return () => value;
    }
    const slot = this.#globals.get(global) ?? this.slots++;
    this.#globals.set(global, slot);
    return (frame) => {
      frame.charge(1);
      const known = frame.slots[slot];
      if (known !== undefined) return known;
      const raw = frame.values[global];
      const value = raw === undefined
        ? new CelFailure(`no such attribute(s): ${global}`)
        : toCel(raw, declared);
      return frame.slots[slot] = value;
    };
  }

  #select({ operand, field, test }: Select): Step {
    const of = this.plan(operand);
    if (test) return (frame) => has(of(frame), field);
    return (frame) => {
      const value = of(frame);
      if (value instanceof CelFailure) return value;
      frame.charge(1);
      return member(value, field);
    };
  }

  #call(node: Call): Step {
    const args = node.args.map((argument) => this.plan(argument));
    switch (node.name) {
      case "_&&_":
        return and(args);
      case "_||_":
        return or(args);
      case "_?_:_":
        return conditional(args as [Step, Step, Step]);
      case "_?._": {
        const [operand] = args as [Step];
        const [, field] = node.args;
        const name = field?.is === "literal" ? String(field.value) : "";
        return (frame) => {
          const value = operand(frame);
          frame.charge(1);
          return value instanceof CelFailure ? value : optionalMember(value, name);
        };
      }
    }
    const target = node.target === undefined ? [] : [this.plan(node.target)];
    if (node.name === "or" || node.name === "orValue") {
      const [optional, other] = [...target, ...args];
      if (optional !== undefined && other !== undefined) return orElse(optional, other, node.name);
    }
    return planCall(node.name, node.overloads ?? [], [...target, ...args]);
  }

  #list({ elements, optional }: ListLiteral): Step {
    const steps = elements.map((element) => this.plan(element));
    if (elements.every(({ is }) => is === "literal")) {
      const constant = new ArrayList(
        elements.map((element) => element.is === "literal" ? element.value : null),
      );
      return () => constant;
    }
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

  #map({ entries }: MapLiteral): Step {
    const steps = entries.map(({ key, value, optional }) => ({
      key: this.plan(key),
      value: this.plan(value),
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
        if (!map.insert(name, of)) return new CelFailure(`Failed with repeated key`);
      }
      frame.charge(MAP_COST);
      return map;
    };
  }

  #struct({ fields, type }: StructLiteral): Step {
    const steps = fields.map(({ name, value, optional }) => ({
      name,
      value: this.plan(value),
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
}

function notOptional(value: CelValue): CelFailure {
  return new CelFailure(`cannot initialize optional entry from non-optional value ${value}`);
}

function has(value: CelValue, field: string): CelValue {
  if (value instanceof CelFailure) return value;
  if (value instanceof CelMap) return value.find(field) !== undefined;
  if (value instanceof CelOptional) {
    return value.value !== undefined && has(value.value, field);
  }
  return NO_OVERLOAD;
}

function member(value: CelValue, field: string): CelValue {
  if (value instanceof CelMap) return value.find(field) ?? noSuchKey(field);
  // A member of an optional is optional.
  return value instanceof CelOptional ? optionalMember(value, field) : NO_OVERLOAD;
}

function optionalMember(value: CelValue, field: string): CelValue {
  const inner = value instanceof CelOptional ? value.value : value;
  if (inner === undefined) return CelOptional.none;
  if (!(inner instanceof CelMap)) return NO_OVERLOAD;
  const found = inner.find(field);
  if (found === undefined) return CelOptional.none;
  return found instanceof CelFailure ? found : new CelOptional(found);
}

/** False wins over failures, wherever it stands; then the first failure. */
function and(steps: readonly Step[]): Step {
  return (frame) => {
    let failure: CelFailure | undefined;
    for (let i = 0; i < steps.length; i++) {
      const value = (steps[i] as Step)(frame);
      if (value === false) return false;
      if (value !== true) failure ??= value instanceof CelFailure ? value : NO_OVERLOAD;
    }
    return failure ?? true;
  };
}

function or(steps: readonly Step[]): Step {
  return (frame) => {
    let failure: CelFailure | undefined;
    for (let i = 0; i < steps.length; i++) {
      const value = (steps[i] as Step)(frame);
      if (value === true) return true;
      if (value !== false) failure ??= value instanceof CelFailure ? value : NO_OVERLOAD;
    }
    return failure ?? false;
  };
}

function conditional([condition, yes, no]: readonly [Step, Step, Step]): Step {
  return (frame) => {
    const holds = condition(frame);
    if (holds === true) return yes(frame);
    if (holds === false) return no(frame);
    return holds instanceof CelFailure ? holds : NO_OVERLOAD;
  };
}

function orElse(optional: Step, other: Step, name: "or" | "orValue"): Step {
  return (frame) => {
    const value = optional(frame);
    if (value instanceof CelFailure) return value;
    if (!(value instanceof CelOptional)) return NO_OVERLOAD;
    if (value.value === undefined) return other(frame);
    return name === "or" ? value : value.value;
  };
}
