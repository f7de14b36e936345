import { CelFailure, type CelValue } from "./value.ts";

/** Bounds of evaluations, in upstream's units of cost. The caller keeps one for all evaluations of a request. */
export interface CelBudget {
  /** Most that one evaluation may cost. */
  readonly callLimit: number;
  /** What is left for all of them; each evaluation takes away what it cost. It may end below zero. */
  remaining: number;
}

/** One evaluation: the variables of the program and what it has cost so far. */
export class Frame {
  cost = 0;
  readonly limit: number;
  /** Variables of the program and of its comprehensions, by place; undefined until they are read. */
  readonly slots: (CelValue | undefined)[];
  readonly values: Readonly<Record<string, unknown>>;

  constructor(slots: number, values: Readonly<Record<string, unknown>>, limit: number) {
    this.slots = new Array(slots);
    this.values = values;
    this.limit = limit;
  }

  charge(cost: number): void {
    this.cost += cost;
    if (this.cost > this.limit) throw EXCEEDED;
  }
}

/** Thrown through an evaluation that costs too much: no operator may go on without its value. */
export const EXCEEDED: CelFailure = new CelFailure(
  "operation cancelled: actual cost limit exceeded",
  "cost",
);

/** One part of a program. */
export type Step = (frame: Frame) => CelValue;
