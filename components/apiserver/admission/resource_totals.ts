import {
  addQuantity,
  compareQuantity,
  type Container,
  parseQuantity,
  type PodSpec,
  type Quantity,
} from "../../api/mod.ts";

/** Amounts by resource. */
export type Totals = ReadonlyMap<string, Quantity>;

/** What a pod asks for or is limited to. */
export interface PodTotals {
  readonly requests: Totals;
  readonly limits: Totals;
}

/** A list of resources as amounts. */
export const totalsOf = (list: Readonly<Record<string, string>> | undefined): Totals =>
  new Map(Object.entries(list ?? {}).map(([name, text]) => [name, parseQuantity(text)]));

/**
 * The amounts that a pod holds at its peak: all containers at once, or one init container together with the sidecars
 * that started before it, whichever is more; and the overhead.
 */
export function podTotals(spec: PodSpec): PodTotals {
  const total = (pick: "requests" | "limits"): Totals => {
    const of = (container: Container) => totalsOf(container.resources?.[pick]);
    let running: Totals = new Map();
    for (const container of spec.containers ?? []) running = sum(running, of(container));
    let sidecars: Totals = new Map();
    let peak: Totals = new Map();
    for (const container of spec.initContainers ?? []) {
      if (container.restartPolicy === "Always") {
        sidecars = sum(sidecars, of(container));
        peak = maximum(peak, sidecars);
      } else {
        peak = maximum(peak, sum(sidecars, of(container)));
      }
    }
    const all = maximum(sum(running, sidecars), peak);
    const podLevel = totalsOf(spec.resources?.[pick]);
    const overhead = totalsOf(spec.overhead);
    // What is said for the whole pod stands before what its containers add up to.
    const effective: Totals = new Map([...all, ...podLevel]);
    return pick === "requests" ? sum(effective, overhead) : addToPresent(effective, overhead);
  };
  return { requests: total("requests"), limits: total("limits") };
}

function sum(a: Totals, b: Totals): Totals {
  const result = new Map(a);
  for (const [name, amount] of b) {
    const known = result.get(name);
    result.set(name, known === undefined ? amount : addQuantity(known, amount));
  }
  return result;
}

function maximum(a: Totals, b: Totals): Totals {
  const result = new Map(a);
  for (const [name, amount] of b) {
    const known = result.get(name);
    if (known === undefined || compareQuantity(known, amount) < 0) result.set(name, amount);
  }
  return result;
}

/** Overhead raises a limit that there is; it makes none. */
function addToPresent(limits: Totals, overhead: Totals): Totals {
  const present = [...overhead].filter(([name]) => limits.has(name));
  return sum(limits, new Map(present));
}
