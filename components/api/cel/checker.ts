import type { Environment } from "./environment.ts";
import {
  type Call,
  type Comprehension,
  type Expression,
  type ListLiteral,
  type MapLiteral,
  qualifiedName,
  type Select,
  type StructLiteral,
} from "./expression.ts";
import type { Overload } from "./overload.ts";
import type { SourceError } from "./source.ts";
import {
  BOOL,
  type CelType,
  DYN,
  ERROR,
  formatType,
  INT,
  listOf,
  mapOf,
  optionalOf,
  sameType,
  typeName,
} from "./type.ts";
import { instantiate, literalType, optionalInner } from "./signature.ts";
import { isDynOrError, moreGeneral, Substitutions } from "./unify.ts";

/** What an expression may name beside what every one may. */
export interface Names {
  variable(name: string): CelType | undefined;
  /** Types of objects that the expression may make. */
  type(name: string): CelType | undefined;
}

/** Finds every node's type and what its names and calls mean. Fills in the tree; answers what is wrong. */
export function check(root: Expression, names: Names, environment: Environment): SourceError[] {
  const checker = new Checker(names, environment);
  checker.check(root);
  checker.settle();
  return checker.errors;
}

class Checker {
  readonly errors: SourceError[] = [];
  readonly #names: Names;
  readonly #environment: Environment;
  readonly #substitutions = new Substitutions();
  /** Every node that has a type. */
  readonly #checked: Expression[] = [];
  /** Variables of comprehensions, the innermost last. */
  readonly #locals: { readonly name: string; readonly type: CelType }[] = [];

  constructor(names: Names, environment: Environment) {
    this.#names = names;
    this.#environment = environment;
  }

  /** Parameters become what they stand for, or `dyn`. */
  settle(): void {
    for (const node of this.#checked) {
      if (node.type !== undefined) node.type = this.#substitutions.apply(node.type, true);
    }
  }

  check(node: Expression): CelType {
    // Macros may use one node twice.
    if (node.type !== undefined) return node.type;
    node.type = this.#typeOf(node);
    this.#checked.push(node);
    return node.type;
  }

  #typeOf(node: Expression): CelType {
    switch (node.is) {
      case "literal":
        return literalType(node.value);
      case "ident":
        return this.#lookup(node.name) ?? this.#undeclared(node.at, node.name);
      case "select":
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
        return this.#comprehension(node);
    }
  }

  #lookup(name: string): CelType | undefined {
    for (let i = this.#locals.length - 1; i >= 0; i--) {
      const local = this.#locals[i];
      if (local?.name === name) return local.type;
    }
    const variable = this.#names.variable(name);
    if (variable !== undefined) return variable;
    const type = this.#environment.types.get(name) ?? this.#names.type(name);
    return type === undefined ? undefined : { kind: "type", of: type };
  }

  #select(node: Select): CelType {
    const name = qualifiedName(node);
    if (name !== undefined) {
      const type = this.#lookup(name);
      if (type !== undefined) {
        node.resolved = { is: "ident", at: node.at, name, type };
        return type;
      }
    }
    const type = this.#field(node.at, node.operand, node.field, false);
    return node.test ? BOOL : this.#substitutions.apply(type);
  }

  #field(at: number, operand: Expression, field: string, optional: boolean): CelType {
    const operandType = this.#substitutions.apply(this.check(operand));
    const inner = optionalInner(operandType);
    const target = inner ?? operandType;
    const type = this.#fieldOf(at, target, field);
    return inner !== undefined || optional ? optionalOf(type) : type;
  }

  #fieldOf(at: number, target: CelType, field: string): CelType {
    switch (target.kind) {
      case "map":
        return target.value;
      case "object": {
        const found = target.fields.get(field);
        if (found !== undefined) return found.type;
        this.#error(at, `undefined field '${field}'`);
        return ERROR;
      }
      case "parameter":
        this.#substitutions.assignable(DYN, target);
        return DYN;
      default:
        if (!isDynOrError(target)) {
          this.#error(at, `type '${formatType(target)}' does not support field selection`);
        }
        return DYN;
    }
  }

  #call(node: Call): CelType {
    if (node.name === "_?._") return this.#optionalSelect(node);
    for (const argument of node.args) this.check(argument);
    if (node.name === "_&&_" || node.name === "_||_") return this.#logical(node);
    const { functions } = this.#environment;
    if (node.target !== undefined) {
      const prefix = qualifiedName(node.target);
      const qualified = prefix === undefined ? undefined : `${prefix}.${node.name}`;
      if (qualified === undefined || !functions.has(qualified)) {
        this.check(node.target);
        return this.#resolve(node, functions.get(node.name));
      }
      // The target is no value but the first part of a function's name.
      node.name = qualified;
      node.target = undefined;
    }
    return this.#resolve(node, functions.get(node.name));
  }

  #logical(node: Call): CelType {
    let wrong = false;
    for (const argument of node.args) {
      const type = argument.type as CelType;
      if (this.#substitutions.assignable(type, BOOL)) continue;
      this.#mismatch(argument.at, BOOL, type);
      wrong = true;
    }
    return wrong ? ERROR : BOOL;
  }

  #resolve(node: Call, candidates: readonly Overload[] | undefined): CelType {
    if (candidates === undefined) return this.#undeclared(node.at, node.name);
    const types = (node.target === undefined ? node.args : [node.target, ...node.args])
      .map((argument) => argument.type as CelType);
    const found: Overload[] = [];
    let result: CelType | undefined;
    for (const overload of candidates) {
      if (overload.member !== (node.target !== undefined)) continue;
      if (overload.parameters.length !== types.length) continue;
      const { parameters, result: of } = instantiate(overload, this.#substitutions);
      if (!this.#substitutions.allAssignable(types, parameters)) continue;
      found.push(overload);
      const type = this.#substitutions.apply(of);
      if (result === undefined) result = type;
      else if (result.kind !== "dyn" && !sameType(type, result)) result = DYN;
    }
    if (result === undefined) {
      const shown = types.map((type) => formatType(this.#substitutions.apply(type, true)));
      const target = node.target === undefined ? "" : `${shown.shift()}.`;
      const signature = `${target}(${shown.join(", ")})`;
      this.#error(
        node.at,
        `found no matching overload for '${node.name}' applied to '${signature}'`,
      );
      return ERROR;
    }
    node.overloads = found;
    return result;
  }

  #optionalSelect(node: Call): CelType {
    const [operand, field] = node.args as [Expression, Expression];
    const name = field.is === "literal" && typeof field.value === "string" ? field.value : "";
    this.check(field);
    return this.#substitutions.apply(this.#field(node.at, operand, name, true));
  }

  #list(node: ListLiteral): CelType {
    let joined: CelType | undefined;
    node.elements.forEach((element, i) => {
      const type = this.#entry(element, node.optional.has(i));
      joined = this.#join(joined, type);
    });
    return listOf(joined ?? this.#substitutions.freshParameter());
  }

  #map(node: MapLiteral): CelType {
    let keys: CelType | undefined;
    let values: CelType | undefined;
    for (const { key, value, optional } of node.entries) {
      keys = this.#join(keys, this.check(key));
      values = this.#join(values, this.#entry(value, optional));
    }
    return mapOf(
      keys ?? this.#substitutions.freshParameter(),
      values ?? this.#substitutions.freshParameter(),
    );
  }

  /** What an element adds; one that is written `?x` must be optional. */
  #entry(node: Expression, optional: boolean): CelType {
    const type = this.check(node);
    if (!optional) return type;
    const inner = optionalInner(type);
    if (inner === undefined && type.kind !== "dyn") {
      this.#mismatch(node.at, optionalOf(type), type);
    }
    return inner ?? type;
  }

  #join(before: CelType | undefined, type: CelType): CelType {
    if (before === undefined) return type;
    return this.#substitutions.assignable(before, type) ? moreGeneral(before, type) : DYN;
  }

  #struct(node: StructLiteral): CelType {
    const named = this.#lookup(node.name);
    if (named === undefined) return this.#undeclared(node.at, node.name);
    let type: CelType = ERROR;
    if (named.kind !== "type" || named.of === undefined) {
      this.#error(node.at, `'${typeName(named)}' is not a type`);
    } else if (named.of.kind !== "object") {
      this.#error(node.at, `'${typeName(named.of)}' is not a message type`);
    } else type = named.of;
    for (const { at, name, value, optional } of node.fields) {
      const given = this.#entry(value, optional);
      const field = type.kind === "object" ? this.#fieldOf(at, type, name) : ERROR;
      if (this.#substitutions.assignable(field, given)) continue;
      const shown = `'${formatType(field)}' but provided type is '${formatType(given)}'`;
      this.#error(at, `expected type of field '${name}' is ${shown}`);
    }
    return type;
  }

  #comprehension(node: Comprehension): CelType {
    const range = this.#substitutions.apply(this.check(node.range));
    const accumulator = this.check(node.initial);
    const [first, second] = this.#iterated(node, range);
    this.#locals.push({ name: node.accumulator, type: accumulator });
    this.#locals.push({ name: node.variable, type: first });
    if (node.variable2 !== undefined) this.#locals.push({ name: node.variable2, type: second });
    this.#assert(node.condition, BOOL);
    this.#assert(node.step, accumulator);
    this.#locals.pop();
    if (node.variable2 !== undefined) this.#locals.pop();
    const result = this.check(node.result);
    this.#locals.pop();
    return this.#substitutions.apply(result);
  }

  /** The types of the variables of a comprehension over a range. */
  #iterated(node: Comprehension, range: CelType): readonly [CelType, CelType] {
    const two = node.variable2 !== undefined;
    switch (range.kind) {
      case "list":
        return two ? [INT, range.element] : [range.element, range.element];
      case "map":
        return [range.key, range.value];
      case "dyn":
      case "error":
      case "parameter":
        this.#substitutions.assignable(DYN, range);
        return [DYN, DYN];
      default: {
        const must = "(must be list, map, or dynamic)";
        this.#error(
          node.range.at,
          `expression of type '${formatType(range)}' cannot be range of a comprehension ${must}`,
        );
        return [ERROR, ERROR];
      }
    }
  }

  #assert(node: Expression, type: CelType): void {
    const found = this.check(node);
    if (!this.#substitutions.assignable(type, found)) this.#mismatch(node.at, type, found);
  }

  #mismatch(at: number, expected: CelType, found: CelType): void {
    this.#error(at, `expected type '${formatType(expected)}' but found '${formatType(found)}'`);
  }

  #undeclared(at: number, name: string): CelType {
    this.#error(at, `undeclared reference to '${name}' (in container '')`);
    return ERROR;
  }

  #error(offset: number, message: string): void {
    this.errors.push({ offset, message });
  }
}
