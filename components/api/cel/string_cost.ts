import { PATTERN_CHARACTER, TRAVERSAL } from "./cost_unit.ts";
import type { CallEstimator, Overload, Range, Sized } from "./overload.ts";
import { plus, scale, times, UNBOUNDED } from "./range.ts";
import { sameType } from "./type.ts";
import { CelOpaque, type CelValue, costSize } from "./value.ts";

type Costs = Pick<Overload, "cost" | "estimate">;

const one: Range = { min: 1, max: 1 };
const size = (value: CelValue | undefined): number => costSize(value ?? null);
const walk = (characters: number): number => Math.ceil(characters * TRAVERSAL);

/** Both sides are walked up to the end of the shorter. */
const shorter: CallEstimator = ([a, b]) => {
  const max = Math.min(a?.size.max ?? UNBOUNDED, b?.size.max ?? UNBOUNDED);
  return { cost: scale({ min: max > 0 ? 1 : 0, max }, TRAVERSAL) };
};
const shorterCost = ([a, b]: readonly CelValue[]): number =>
  a instanceof CelOpaque ? 1 : walk(Math.min(size(a), size(b)));

/** Values of a library compare at once, but for URLs, which are as long as their texts. */
const equalEstimate: CallEstimator = (args, id) => {
  const [a, b] = args as [Sized, Sized];
  if (a.type.kind !== "opaque" || !sameType(a.type, b.type)) return shorter(args, id);
  switch (a.type.name) {
    case "optional_type":
      return shorter(args, id);
    case "kubernetes.NamedFormat":
      return { cost: scale({ min: 1, max: 64 }, TRAVERSAL) };
    case "kubernetes.URL":
      return { cost: scale({ min: 1, max: b.known ? b.size.max : 1 }, TRAVERSAL) };
    default:
      return { cost: one };
  }
};

/** What a pattern costs on a text. */
export function patternCost(text: number, pattern: number): number {
  return walk(1 + text) * Math.ceil(pattern * PATTERN_CHARACTER);
}

export const patternEstimate = (text: Range, pattern: Range): Range =>
  times(scale(plus(text, one), TRAVERSAL), scale(pattern, PATTERN_CHARACTER));

/** A walk through the first argument. */
export function traversal(factor = 1, sized = false): Costs {
  return {
    cost: ([text]) => Math.ceil(size(text) * factor * TRAVERSAL),
    estimate: ([text]) => ({
      cost: scale((text as Sized).size, factor * TRAVERSAL),
      ...(sized ? { size: (text as Sized).size } : {}),
    }),
  };
}

/** Costs of the functions on texts, lists and maps that every expression has. */
export const stringCosts = {
  add: {
    cost: ([a, b]) =>
      typeof a === "string" || a instanceof Uint8Array ? walk(size(a) + size(b)) : 1,
    estimate: ([a, b], id) => {
      const joined = plus((a as Sized).size, (b as Sized).size);
      if (id === "add_list") return { cost: one, size: joined };
      const walked = id === "add_string" || id === "add_bytes";
      return walked ? { cost: scale(joined, TRAVERSAL), size: joined } : { cost: one };
    },
  },
  compare: {
    cost: (args) =>
      typeof args[0] === "string" || args[0] instanceof Uint8Array ? shorterCost(args) : 1,
    estimate: (args, id) => /_(string|bytes)$/.test(id) ? shorter(args, id) : { cost: one },
  },
  equal: { cost: shorterCost, estimate: equalEstimate },
  notEqual: { cost: shorterCost, estimate: shorter },
  in: {
    cost: ([, container]) =>
      container instanceof Object && "get" in container ? size(container) : 1,
    estimate: ([, container], id) =>
      id === "in_list" ? { cost: (container as Sized).size } : { cost: one },
  },
  /** `startsWith`, `endsWith`: the argument is what is walked when it is estimated, the text when it is run. */
  affix: {
    cost: ([text]) => walk(size(text)),
    estimate: ([, affix]) => ({ cost: scale((affix as Sized).size, TRAVERSAL) }),
  },
  contains: {
    cost: ([text, part]) => walk(size(text)) * walk(size(part)),
    estimate: ([text, part]) => ({
      cost: times(scale((text as Sized).size, TRAVERSAL), scale((part as Sized).size, TRAVERSAL)),
    }),
  },
  matches: {
    cost: ([text, pattern]) => patternCost(size(text), size(pattern)),
    estimate: ([text, pattern]) => ({
      cost: patternEstimate((text as Sized).size, (pattern as Sized).size),
    }),
  },
} satisfies Record<string, Costs>;
