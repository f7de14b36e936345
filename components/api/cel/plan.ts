import { invariant } from "../../base/mod.ts";
import { compilePattern } from "../regex/mod.ts";
import { type Call, type Expression, isBind, type Select } from "./expression.ts";
import { Frame, type Step } from "./frame.ts";
import { index, optionalIndex } from "./library/operators.ts";
import { has, member, optionalMember } from "./member.ts";
import { planCall } from "./plan_call.ts";
import { planBind, planComprehension } from "./plan_comprehension.ts";
import { planList, planMap, planStruct } from "./plan_literal.ts";
import { and, conditional, or, orElse } from "./plan_logic.ts";
import { type CelType, typeName } from "./type.ts";
import {
  ArrayList,
  CelFailure,
  CelOptional,
  type CelValue,
  EntryMap,
  isKey,
  mapKey,
  TypeValue,
} from "./value.ts";
import { toCel } from "./wire.ts";

/** A variable of a comprehension. */
interface Local {
  readonly name: string;
  readonly slot: number;
  readonly initial: Step | undefined;
}

/** Conversions of constants are carried out when the program is made. */
const CONVERSIONS = new Set([
  ..."type dyn bool bytes double duration int string timestamp uint".split(" "),
]);

/** A constant that cannot be converted: the expression is well typed, but no program can be made of it. */
export class InstantiationError extends Error {
  override readonly name = "InstantiationError";
}

/**
 * Turns a checked expression into functions that call one another.
 *
 * Costs are upstream's, where a chain of names, members and indices is one "attribute": it costs one, and one for
 * each member and index. As a branch of a condition it is read by the condition, and the first one is `free`.
 */
export class Planner {
  /** Places of variables: those of the program by name, those of comprehensions as a stack above. */
  readonly #globals: Map<string, number> = new Map();
  readonly #locals: Local[] = [];
  readonly #variable: (name: string) => CelType | undefined;
  /** Macros may use one node twice: it is planned once. */
  readonly #planned: Map<Expression, Step> = new Map();
  readonly #constants: Map<Expression, CelValue | undefined> = new Map();
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
    const step = this.#step(node, false);
    this.#planned.set(node, step);
    return step;
  }

  /** A place for a variable of a comprehension, until `leave`; `initial` computes it where nothing is there. */
  enter(name: string, initial?: Step): number {
    const slot = this.slots++;
    this.#locals.push({ name, slot, initial });
    return slot;
  }

  leave(): void {
    this.#locals.pop();
  }

  /** The value of what is the same in every evaluation. */
  constant(node: Expression): CelValue | undefined {
    if (node.is === "literal") return node.value;
    if (this.#constants.has(node)) return this.#constants.get(node);
    const value = this.#fold(node);
    this.#constants.set(node, value);
    return value;
  }

  #fold(node: Expression): CelValue | undefined {
    switch (node.is) {
      case "list": {
        if (node.optional.size > 0) return undefined;
        const values = node.elements.map((element) => this.constant(element));
        return values.includes(undefined) ? undefined : new ArrayList(values as CelValue[]);
      }
      case "map": {
        const map = new EntryMap();
        for (const { key, value, optional } of node.entries) {
          const name = this.constant(key);
          const of = this.constant(value);
          if (optional || name === undefined || of === undefined || !isKey(name)) return undefined;
          map.set(name, of);
        }
        return map;
      }
      case "call": {
        const [argument, container] = node.args;
        // Nothing is in an empty list, whatever is asked for.
        if (node.name === "@in" && container?.is === "list") {
          return container.elements.length === 0 ? false : undefined;
        }
        const converts = node.target === undefined && CONVERSIONS.has(node.name);
        if (!converts || argument === undefined || this.constant(argument) === undefined) {
          return undefined;
        }
        const value = planCall(node, [this.plan(argument)])(new Frame(0, {}, Infinity));
        if (value instanceof CelFailure) throw new InstantiationError(value.message);
        return value;
      }
      case "ident":
        return this.#typeValue(node.name, node.type as CelType);
      case "select":
        return node.resolved && this.#typeValue(node.resolved.name, node.resolved.type as CelType);
      default:
        return undefined;
    }
  }

  #step(node: Expression, free: boolean): Step {
    const constant = this.constant(node);
    if (constant !== undefined) return () => constant;
    switch (node.is) {
      case "ident":
        return this.#ident(node.name, free);
      case "select":
        return node.resolved === undefined
          ? this.#select(node, free)
          : this.#ident(node.resolved.name, free);
      case "call":
        return this.#call(node, free);
      case "list":
        return planList(this, node);
      case "map":
        return planMap(this, node);
      case "struct":
        return planStruct(this, node);
      case "comprehension":
        return isBind(node) ? planBind(this, node) : planComprehension(this, node);
      case "literal":
        return () => node.value;
    }
  }

  #local(name: string): Local | undefined {
    return this.#locals.findLast((variable) => variable.name === name);
  }

  /** What a name of a type stands for. */
  #typeValue(name: string, type: CelType): CelValue | undefined {
    if (type.kind !== "type" || this.#local(name) !== undefined) return undefined;
    if (this.#variable(name) !== undefined) return undefined;
    return new TypeValue(type.of === undefined ? name : typeName(type.of));
  }

  #ident(name: string, free: boolean): Step {
    const cost = free ? 0 : 1;
    const local = this.#local(name);
    if (local !== undefined) {
      const { slot, initial } = local;
      return (frame) => {
        frame.charge(cost);
        const known = frame.slots[slot];
        if (known !== undefined || initial === undefined) return known as CelValue;
        return frame.slots[slot] = initial(frame);
      };
    }
    const declared = this.#variable(name);
    invariant(declared !== undefined, `no variable ${name}`);
    const slot = this.#globals.get(name) ?? this.slots++;
    this.#globals.set(name, slot);
    return (frame) => {
      frame.charge(cost);
      const known = frame.slots[slot];
      if (known !== undefined) return known;
      const raw = frame.values[name];
      const value = raw === undefined
        ? new CelFailure(`no such attribute(s): ${name}`)
        : toCel(raw, declared);
      return frame.slots[slot] = value;
    };
  }

  /** What a member or an index is taken of, and what that costs beside: values that no name leads to cost one. */
  #operand(node: Expression, free: boolean): { readonly of: Step; readonly base: number } {
    if (this.constant(node) === undefined && isAttribute(node)) {
      return { of: free ? this.#step(node, true) : this.plan(node), base: 0 };
    }
    return { of: this.plan(node), base: free ? 0 : 1 };
  }

  #select({ operand, field, test }: Select, free: boolean): Step {
    const { of, base } = this.#operand(operand, free);
    if (test) {
      return (frame) => {
        const value = of(frame);
        frame.charge(base);
        return has(value, field);
      };
    }
    const cost = base + 1;
    return (frame) => {
      const value = of(frame);
      if (value instanceof CelFailure || value === CelOptional.none) return value;
      frame.charge(cost);
      return member(value, field);
    };
  }

  #call(node: Call, free: boolean): Step {
    switch (node.name) {
      case "_&&_":
        return and(node.args.map((argument) => this.plan(argument)));
      case "_||_":
        return or(node.args.map((argument) => this.plan(argument)));
      case "_?_:_":
        return this.#conditional(node.args);
      case "_?._":
        return this.#optionalSelect(node.args, free);
      case "_[_]":
      case "_[?_]":
        return this.#index(node, free);
      case "find":
      case "findAll": {
        const source = node.args[0] && this.constant(node.args[0]);
        const pattern = typeof source === "string" ? compilePattern(source) : undefined;
        if (pattern && "error" in pattern) throw new InstantiationError(pattern.error);
        break;
      }
      case "@in": {
        const member = this.#inConstant(node);
        if (member !== undefined) return member;
      }
    }
    const all = node.target === undefined ? node.args : [node.target, ...node.args];
    const steps = all.map((argument) => this.plan(argument));
    if ((node.name === "or" || node.name === "orValue") && node.target !== undefined) {
      return orElse(steps[0] as Step, steps[1] as Step, node.name);
    }
    return planCall(node, steps);
  }

  #conditional([condition, yes, no]: readonly Expression[]): Step {
    const branch = (node: Expression): Step =>
      isAttribute(node) ? this.#step(node, true) : this.plan(node);
    return conditional([
      this.plan(condition as Expression),
      branch(yes as Expression),
      branch(no as Expression),
    ]);
  }

  #optionalSelect([operand, field]: readonly Expression[], free: boolean): Step {
    const { of, base } = this.#operand(operand as Expression, free);
    const name = field?.is === "literal" ? String(field.value) : "";
    return (frame) => {
      const value = of(frame);
      frame.charge(base);
      if (value instanceof CelFailure) return value;
      const found = optionalMember(value, name);
      if (found !== CelOptional.none) frame.charge(1);
      return found;
    };
  }

  #index({ name, args }: Call, free: boolean): Step {
    const [operand, key] = args as [Expression, Expression];
    const { of, base } = this.#operand(operand, free);
    // A key that is an attribute itself costs nothing beside the one of the index.
    const attribute = this.constant(key) === undefined && isAttribute(key);
    const at = attribute ? this.#step(key, true) : this.plan(key);
    const optional = name === "_[?_]";
    return (frame) => {
      const value = of(frame);
      frame.charge(base);
      if (value instanceof CelFailure) return value;
      const place = at(frame);
      if (place instanceof CelFailure) return place;
      const found = optional ? optionalIndex(value, place) : index(value, place);
      if (found !== CelOptional.none) frame.charge(1);
      return found;
    };
  }

  /** `x in [1, 2, 3]`: a look-up in a set that costs nothing. */
  #inConstant({ args, overloads = [] }: Call): Step | undefined {
    if (overloads.length !== 1) return undefined;
    const [item, container] = args as [Expression, Expression];
    const list = this.constant(container);
    if (!(list instanceof ArrayList) || !list.values.every(isKey)) return undefined;
    const members = new Set(list.values.map(mapKey));
    const of = this.plan(item);
    return (frame) => {
      const value = of(frame);
      return value instanceof CelFailure ? value : members.has(mapKey(value));
    };
  }
}

/** Names, members, indices, and conditions, which choose between them. */
function isAttribute(node: Expression): boolean {
  if (node.is === "ident") return true;
  if (node.is === "select") return !node.test;
  return node.is === "call" && ATTRIBUTES.has(node.name);
}

const ATTRIBUTES = new Set(["_[_]", "_[?_]", "_?._", "_?_:_"]);
