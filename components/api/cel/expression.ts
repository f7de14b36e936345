import type { CelType } from "./type.ts";
import type { CelValue } from "./value.ts";
import type { Overload } from "./overload.ts";

/**
 * An expression as the parser made it, macros expanded. `at` is where errors point to: an offset in code points. The
 * checker fills in `type`, and what names and calls resolve to.
 */
export type Expression =
  | Literal
  | Ident
  | Select
  | Call
  | ListLiteral
  | MapLiteral
  | StructLiteral
  | Comprehension;

interface Node {
  readonly at: number;
  /** Undefined until it is checked. */
  type?: CelType;
}

export interface Literal extends Node {
  readonly is: "literal";
  readonly value: CelValue;
}

/** A name, with dots where a qualified name resolved as a whole. */
export interface Ident extends Node {
  readonly is: "ident";
  readonly name: string;
}

export interface Select extends Node {
  readonly is: "select";
  readonly operand: Expression;
  readonly field: string;
  /** `has(operand.field)`. */
  readonly test: boolean;
  /** Set where the whole is one qualified name rather than a member. */
  resolved?: Ident;
}

/** Operators are calls as well: `_+_`, `!_`, `_[_]`, `_?._`. */
export interface Call extends Node {
  readonly is: "call";
  name: string;
  target: Expression | undefined;
  readonly args: readonly Expression[];
  /** What may be meant; the values decide where there are several. */
  overloads?: readonly Overload[];
}

export interface ListLiteral extends Node {
  readonly is: "list";
  readonly elements: readonly Expression[];
  /** Indices of elements that are written `?x`. */
  readonly optional: ReadonlySet<number>;
}

export interface Entry {
  readonly at: number;
  readonly key: Expression;
  readonly value: Expression;
  readonly optional: boolean;
}

export interface MapLiteral extends Node {
  readonly is: "map";
  readonly entries: readonly Entry[];
}

export interface StructField {
  readonly at: number;
  readonly name: string;
  readonly value: Expression;
  readonly optional: boolean;
}

export interface StructLiteral extends Node {
  readonly is: "struct";
  readonly name: string;
  readonly fields: readonly StructField[];
}

/** What all macros over lists and maps expand to. */
export interface Comprehension extends Node {
  readonly is: "comprehension";
  readonly range: Expression;
  readonly variable: string;
  /** The value beside an index or key, in macros with two variables. */
  readonly variable2: string | undefined;
  readonly accumulator: string;
  readonly initial: Expression;
  readonly condition: Expression;
  readonly step: Expression;
  readonly result: Expression;
}

/** `a.b.c` where the expression is nothing but names, undefined otherwise. */
export function qualifiedName(expression: Expression): string | undefined {
  if (expression.is === "ident") return expression.name;
  if (expression.is !== "select" || expression.test) return undefined;
  const head = qualifiedName(expression.operand);
  return head === undefined ? undefined : `${head}.${expression.field}`;
}

/** A loop over nothing that only gives a value a name. */
export function isBind({ range, condition, accumulator }: Comprehension): boolean {
  return range.is === "list" && range.elements.length === 0 && condition.is === "literal" &&
    condition.value === false && accumulator !== "@result";
}
