import { LIST_COST, MAP_COST, STRUCT_COST } from "./cost_unit.ts";
import {
  type Call,
  type Comprehension,
  type Expression,
  isBind,
  type Select,
} from "./expression.ts";
import { ACCUMULATOR } from "./macros.ts";
import type { Overload, Range, Sized } from "./overload.ts";
import {
  type Entries,
  literalSize,
  type Place,
  sizeOfDeclared,
  sizeOfType,
  unionEntries,
  valueType,
} from "./size.ts";
import { fixed, plus, times, UNBOUNDED, union, UNKNOWN, ZERO } from "./range.ts";
import { type CelType, DYN } from "./type.ts";

/** What is known of a name: where it leads, and sizes. */
interface Local {
  readonly name: string;
  readonly place: Place;
  readonly size: Range | undefined;
  readonly entries: Entries | undefined;
}

const ONE = fixed(1);
/** Nothing seen so far: the first union sets both ends. */
const NOTHING: Range = { min: UNBOUNDED, max: 0 };

/** The least and the most that a checked expression may cost, as upstream estimates it from the sizes that types declare. */
export function estimateCost(
  root: Expression,
  variable: (name: string) => CelType | undefined,
): Range {
  return new Estimator(variable).cost(root);
}

class Estimator {
  readonly #variable: (name: string) => CelType | undefined;
  /** Macros may use one node twice. */
  readonly #costs: Map<Expression, Range> = new Map();
  /** Where names, members and indices lead; declared types carry the sizes. */
  readonly #places: Map<Expression, Place> = new Map();
  readonly #sizes: Map<Expression, Range> = new Map();
  readonly #entries: Map<Expression, Entries> = new Map();
  readonly #locals: Local[] = [];

  constructor(variable: (name: string) => CelType | undefined) {
    this.#variable = variable;
  }

  cost(node: Expression): Range {
    const known = this.#costs.get(node);
    if (known !== undefined) return known;
    const cost = this.#costOf(node);
    this.#costs.set(node, cost);
    return cost;
  }

  #costOf(node: Expression): Range {
    switch (node.is) {
      case "literal":
        return ZERO;
      case "ident":
        return this.#ident(node, node.name);
      case "select":
        return node.resolved === undefined
          ? this.#select(node)
          : this.#ident(node, node.resolved.name);
      case "call":
        return this.#call(node);
      case "list": {
        let size = node.elements.length === 0 ? ZERO : NOTHING;
        let cost = fixed(LIST_COST);
        for (const element of node.elements) {
          cost = plus(cost, this.cost(element));
          size = union(size, this.#sizeOrUnknown(element));
        }
        this.#entries.set(node, { of: "list", key: ONE, value: size });
        return cost;
      }
      case "map": {
        let keys = node.entries.length === 0 ? ZERO : NOTHING;
        let values = keys;
        let cost = fixed(MAP_COST);
        for (const { key, value } of node.entries) {
          cost = plus(plus(cost, this.cost(key)), this.cost(value));
          keys = union(keys, this.#sizeOrUnknown(key));
          values = union(values, this.#sizeOrUnknown(value));
        }
        this.#entries.set(node, { of: "map", key: keys, value: values });
        return cost;
      }
      case "struct":
        return node.fields.reduce(
          (cost, { value }) => plus(cost, this.cost(value)),
          fixed(STRUCT_COST),
        );
      case "comprehension":
        return isBind(node) ? this.#bind(node) : this.#comprehension(node);
    }
  }

  #ident(node: Expression, name: string): Range {
    const local = this.#local(name);
    this.#places.set(
      node,
      local === undefined ? this.#variable(name) ?? this.#root() : local.place,
    );
    return ONE;
  }

  #local(name: string): Local | undefined {
    return this.#locals.findLast((local) => local.name === name);
  }

  /**
   * Upstream drops the first step of a path, which is a variable's name, and looks the rest up in `self`. So does what
   * begins elsewhere, as `[a, b][0]` or the name of a type, and has the size of all of `self`.
   */
  #root(): CelType | null {
    return this.#variable("self") ?? null;
  }

  #below(place: Place, step: (type: CelType) => CelType | undefined): Place {
    if (place === undefined) return this.#root();
    return place === null ? null : step(place) ?? null;
  }

  #select(node: Select): Range {
    const cost = this.cost(node.operand);
    if (node.test) return cost;
    const place = this.#below(
      this.#places.get(node.operand),
      (type) => type.kind === "object" ? type.fields.get(node.field)?.type : undefined,
    );
    this.#places.set(node, place);
    const { kind } = node.operand.type ?? DYN;
    return kind === "map" || kind === "object" || kind === "parameter" ? plus(cost, ONE) : cost;
  }

  #call(node: Call): Range {
    const [first] = node.args;
    if (node.name === "dyn" && first !== undefined) {
      const cost = plus(this.cost(first), ONE);
      this.#copySizes(node, first);
      return cost;
    }
    const args = node.target === undefined ? node.args : [node.target, ...node.args];
    const costs = args.map((argument) => this.cost(argument));
    const all = costs.reduce(plus, ZERO);
    switch (node.name) {
      case "_&&_":
      case "_||_":
        // The first may be all that is looked at.
        return { min: costs[0]?.min ?? 0, max: all.max };
      case "_?_:_":
        return this.#conditional(node, args, costs);
      case "_?._":
        return plus(all, ONE);
    }
    let cost: Range | undefined;
    let size: Range | undefined;
    for (const overload of node.overloads ?? []) {
      const estimate = this.#overload(node, overload, args);
      cost = cost === undefined ? estimate.cost : union(cost, estimate.cost);
      if (estimate.size !== undefined) {
        size = size === undefined ? estimate.size : union(size, estimate.size);
      }
      size = this.#indexed(node, overload.id, args) ?? size ?? this.#size(node);
    }
    if (size !== undefined) this.#sizes.set(node, size);
    return plus(all, cost ?? ZERO);
  }

  #overload(
    node: Call,
    overload: Overload,
    args: readonly Expression[],
  ): { readonly cost: Range; readonly size?: Range } {
    if (overload.id === "add_list" || overload.id === "add_string" || overload.id === "add_bytes") {
      const left = this.#entriesOf(args[0]);
      const right = this.#entriesOf(args[1]);
      if (left !== undefined && right !== undefined) {
        this.#entries.set(node, unionEntries(left, right));
      }
    }
    if (overload.estimate === undefined) return { cost: ONE };
    return overload.estimate(args.map((argument) => this.#sized(argument)), overload.id);
  }

  /** What an index leads to; the size of what it finds, where that is known. */
  #indexed(node: Call, id: string, args: readonly Expression[]): Range | undefined {
    if (id !== "index_list" && id !== "index_map") return undefined;
    this.#places.set(node, this.#below(this.#places.get(args[0] as Expression), valueType));
    return this.#entriesOf(args[0])?.value;
  }

  #conditional(
    node: Call,
    [, yes, no]: readonly Expression[],
    [condition = ZERO, ifTrue = ZERO, ifFalse = ZERO]: readonly Range[],
  ): Range {
    const left = this.#entriesOf(yes);
    const right = this.#entriesOf(no);
    if (left !== undefined && right !== undefined) {
      this.#entries.set(node, unionEntries(left, right));
    }
    this.#sizes.set(
      node,
      union(this.#sizeOrUnknown(yes as Expression), this.#sizeOrUnknown(no as Expression)),
    );
    return plus(condition, union(ifTrue, ifFalse));
  }

  #bind(node: Comprehension): Range {
    const cost = plus(this.cost(node.range), this.cost(node.initial));
    this.#locals.push(this.#named(node.accumulator, node.initial));
    const result = this.cost(node.result);
    this.#locals.pop();
    this.#copySizes(node, node.result);
    return plus(cost, result);
  }

  #comprehension(node: Comprehension): Range {
    const before = plus(this.cost(node.range), this.cost(node.initial));
    this.#locals.push(this.#named(node.accumulator, node.initial));
    const variables = this.#variables(node);
    this.#locals.push(...variables);
    const each = plus(this.cost(node.condition), this.cost(node.step));
    this.#locals.length -= variables.length;
    const result = this.cost(node.result);
    this.#locals.pop();
    const count = this.#sizeOrUnknown(node.range);
    switch (node.initial.is) {
      case "literal": {
        const size = this.#size(node.initial);
        if (size !== undefined) this.#sizes.set(node, size);
        break;
      }
      case "list":
      case "map": {
        this.#sizes.set(node, count);
        const entries = this.#entries.get(node.step);
        if (entries !== undefined) this.#entries.set(node, entries);
      }
    }
    return plus(plus(before, result), times(count, each));
  }

  #named(name: string, node: Expression): Local {
    return {
      name,
      place: this.#places.get(node),
      size: this.#size(node),
      entries: this.#entriesOf(node),
    };
  }

  #variables({ variable, variable2, range }: Comprehension): Local[] {
    const entries = this.#entriesOf(range);
    const place = this.#places.get(range);
    const of = entries?.of ?? range.type?.kind;
    const value = this.#below(place, valueType);
    const key = this.#below(place, (type) => type.kind === "map" ? type.key : undefined);
    const local = (name: string, of: Place, size: Range | undefined): Local => ({
      name,
      place: of,
      size,
      entries: undefined,
    });
    if (variable2 !== undefined) {
      return [local(variable, key, entries?.key), local(variable2, value, entries?.value)];
    }
    return of === "list"
      ? [local(variable, value, entries?.value)]
      : [local(variable, key, entries?.key)];
  }

  #sized(node: Expression): Sized {
    const type = node.type ?? DYN;
    const list = type.kind === "list" ? type : undefined;
    const place = this.#placeOutside(node);
    const element = place === undefined ? undefined : this.#below(place, valueType) ?? undefined;
    return {
      type,
      size: this.#sizeOrUnknown(node),
      known: this.#size(node) !== undefined,
      element: list === undefined ? undefined : {
        type: list.element,
        size: sizeOfDeclared(element) ?? UNKNOWN,
        known: element !== undefined,
        element: undefined,
        literal: undefined,
      },
      literal: node.is === "literal" ? node.value : undefined,
    };
  }

  /** The accumulator of a macro is no place in the declared data. */
  #placeOutside(node: Expression): Place {
    return node.is === "ident" && node.name === ACCUMULATOR ? undefined : this.#places.get(node);
  }

  #sizeOrUnknown(node: Expression): Range {
    return this.#size(node) ?? UNKNOWN;
  }

  #size(node: Expression): Range | undefined {
    const known = this.#sizes.get(node) ?? literalSize(node) ??
      sizeOfDeclared(this.#places.get(node)) ?? sizeOfType(node.type);
    if (known !== undefined) return known;
    return node.is === "ident" ? this.#local(node.name)?.size : undefined;
  }

  #entriesOf(node: Expression | undefined): Entries | undefined {
    if (node === undefined) return undefined;
    const known = this.#entries.get(node);
    if (known !== undefined) return known;
    return node.is === "ident" ? this.#local(node.name)?.entries : undefined;
  }

  #copySizes(to: Expression, from: Expression): void {
    const size = this.#size(from);
    if (size !== undefined) this.#sizes.set(to, size);
    const entries = this.#entriesOf(from);
    if (entries !== undefined) this.#entries.set(to, entries);
  }
}
