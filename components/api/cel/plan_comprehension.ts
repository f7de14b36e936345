import type { Comprehension, Expression } from "./expression.ts";
import type { Frame, Step } from "./frame.ts";
import { type Planner } from "./plan.ts";
import { ArrayList, CelFailure, CelList, CelMap, type CelValue, NO_OVERLOAD } from "./value.ts";

/** Calls back for each element of a list or key of a map until it is told to stop. */
function iterate(
  range: CelList | CelMap,
  two: boolean,
  body: (first: CelValue, second: CelValue) => boolean,
): void {
  if (range instanceof CelList) {
    for (let i = 0; i < range.size; i++) {
      const element = range.get(i) as CelValue;
      if (!body(two ? BigInt(i) : element, element)) return;
    }
    return;
  }
  for (const key of range.keys()) {
    if (!body(key, two ? range.find(key) ?? null : null)) return;
  }
}

/** A value under a name, which is computed when it is first read. */
export function planBind(planner: Planner, { initial, accumulator, result }: Comprehension): Step {
  const value = planner.plan(initial);
  const slot = planner.enter(accumulator, value);
  const then = planner.plan(result);
  planner.leave();
  return (frame) => {
    frame.slots[slot] = undefined;
    return then(frame);
  };
}

/** A loop over a list or a map. */
export function planComprehension(planner: Planner, node: Comprehension): Step {
  const range = planner.plan(node.range);
  const initial = planner.plan(node.initial);
  const accumulator = planner.enter(node.accumulator);
  const variable = planner.enter(node.variable);
  const two = node.variable2 !== undefined;
  const variable2 = node.variable2 === undefined ? variable : planner.enter(node.variable2);
  const gathered = gathering(planner, node);
  const condition = planner.plan(node.condition);
  const step = planner.plan(node.step);
  planner.leave();
  if (two) planner.leave();
  const result = planner.plan(node.result);
  planner.leave();
  const fold = (frame: Frame, of: CelList | CelMap): CelValue => {
    const { slots } = frame;
    slots[accumulator] = initial(frame);
    iterate(of, two, (first, second) => {
      slots[variable] = first;
      if (two) slots[variable2] = second;
      if (condition(frame) === false) return false;
      slots[accumulator] = step(frame);
      return true;
    });
    return result(frame);
  };
  const gather = (frame: Frame, of: CelList | CelMap, { filter, element }: Gathering): CelValue => {
    const { slots } = frame;
    const values: CelValue[] = [];
    let failure: CelFailure | undefined;
    iterate(of, two, (first, second) => {
      slots[variable] = first;
      if (two) slots[variable2] = second;
      const holds = filter === undefined || filter(frame);
      if (holds === true) {
        const value = element(frame);
        // Reading the list so far, making one of a single element and joining the two.
        frame.charge(GATHER_COST);
        if (value instanceof CelFailure) failure ??= value;
        else values.push(value);
      } else if (holds !== false) {
        // As the loop would have it: the last condition that failed is told, and the first element.
        failure = holds instanceof CelFailure ? holds : NO_OVERLOAD;
      }
      return true;
    });
    frame.charge(1);
    return failure ?? new ArrayList(values);
  };
  return (frame) => {
    const of = range(frame);
    if (of instanceof CelFailure) return of;
    if (!(of instanceof CelList) && !(of instanceof CelMap)) {
      return new CelFailure("got non-iterable range");
    }
    return gathered === undefined ? fold(frame, of) : gather(frame, of, gathered);
  };
}

const GATHER_COST = 12;

interface Gathering {
  readonly filter: Step | undefined;
  readonly element: Step;
}

/** `map` and `filter` add to one list rather than to make a new one for each element. */
function gathering(planner: Planner, node: Comprehension): Gathering | undefined {
  if (node.initial.is !== "list" || node.initial.elements.length > 0) return undefined;
  const { step } = node;
  const filtered = step.is === "call" && step.name === "_?_:_" ? step.args : undefined;
  const added = elementOf(filtered === undefined ? step : filtered[1]);
  // A constant list costs nothing to make, so that this is left to the loop.
  if (added === undefined || planner.constant(added) !== undefined) return undefined;
  return {
    filter: filtered === undefined ? undefined : planner.plan(filtered[0] as Expression),
    element: planner.plan(added),
  };
}

/** The `x` of `accumulator + [x]`. */
function elementOf(step: Expression | undefined): Expression | undefined {
  if (step?.is !== "call" || step.name !== "_+_") return undefined;
  const [accumulator, list] = step.args;
  if (accumulator?.is !== "ident" || !accumulator.name.startsWith("@")) return undefined;
  return list?.is === "list" && list.elements.length === 1 ? list.elements[0] : undefined;
}
