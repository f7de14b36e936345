import type { CelType } from "./type.ts";
import type { CelValue } from "./value.ts";

/**
 * One signature of a function and what it does. A call that may mean several is decided by its values. `call` gets
 * values of the kinds that `parameters` say, failures never, and answers a failure where it has no result.
 */
export interface Overload {
  /** Upstream's name, by which costs are known. */
  readonly id: string;
  readonly name: string;
  /** `x.name(y)` rather than `name(x, y)`; the target is the first parameter. */
  readonly member: boolean;
  readonly parameters: readonly CelType[];
  readonly result: CelType;
  readonly call: (...args: never[]) => CelValue;
  /** What one call costs, beside its arguments; 1 where nothing is said. */
  readonly cost?: (args: readonly CelValue[], result: CelValue) => number;
  /** The same before anything is known but sizes. */
  readonly estimate?: CallEstimator;
  /** Takes failures too, as `@not_strictly_false` does. */
  readonly lenient?: boolean;
}

/** Least and most; 2^64 where nothing bounds it. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** What the estimator knows of an argument. */
export interface Sized {
  readonly size: Range;
  /** False where nothing bounds the size. */
  readonly known: boolean;
  readonly type: CelType;
  /** The size of elements of a list. */
  readonly element: Sized | undefined;
  /** The value of a literal. */
  readonly literal: CelValue | undefined;
}

export type CallEstimator = (
  args: readonly Sized[],
  id: string,
) => { readonly cost: Range; readonly size?: Range };

/** A set of functions, and names of types that come with it. */
export interface Library {
  readonly overloads: readonly Overload[];
  readonly types?: Readonly<Record<string, CelType>>;
}

export type Implementation = (...args: never[]) => CelValue;

/** Signatures of one function: `[id, parameters, result, what it does]`. */
export type Signature = readonly [
  id: string,
  parameters: readonly CelType[],
  result: CelType,
  call: Implementation,
];

type Costs = Pick<Overload, "cost" | "estimate" | "lenient">;

/** Overloads of a function that is called by name. */
export function functions(
  name: string,
  signatures: readonly Signature[],
  costs?: Costs,
): Overload[] {
  return declare(name, false, signatures, costs);
}

/** Overloads of a function that is called on its first parameter. */
export function methods(name: string, signatures: readonly Signature[], costs?: Costs): Overload[] {
  return declare(name, true, signatures, costs);
}

function declare(
  name: string,
  member: boolean,
  signatures: readonly Signature[],
  costs: Costs = {},
): Overload[] {
  return signatures.map(([id, parameters, result, call]) => ({
    id,
    name,
    member,
    parameters,
    result,
    call,
    ...costs,
  }));
}
