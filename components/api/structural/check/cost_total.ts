import type { ValueErrors } from "../value_errors.ts";

/** What one rule may cost at most by its estimate, and all rules of a schema. */
export const RULE_COST_MAXIMUM = 10_000_000;
const SCHEMA_COST_MAXIMUM = 100_000_000;
/** How many of the most expensive rules are named. */
const NAMED_MAXIMUM = 4;

/** A cost so many times; nothing costs nothing, however often. */
export const timesCost = (cost: number, times: number): number => cost === 0 ? 0 : cost * times;

/** What all rules of a schema cost together. */
export class CostTotal {
  #total = 0;
  readonly #expensive: { readonly path: string; readonly cost: number }[] = [];

  add(path: string, cost: number): void {
    this.#total += cost;
    if (cost >= SCHEMA_COST_MAXIMUM / 100) this.#expensive.push({ path, cost });
  }

  tell(path: string, errors: ValueErrors): void {
    if (this.#total <= SCHEMA_COST_MAXIMUM) return;
    const named = this.#expensive.sort((a, b) => b.cost - a.cost || 0).slice(0, NAMED_MAXIMUM);
    for (const { path } of named) {
      errors.forbidden(
        path,
        "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema",
      );
    }
    const name = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
    errors.forbidden(path, costText(name, this.#total, SCHEMA_COST_MAXIMUM));
  }
}

export function costText(name: string, cost: number, limit: number): string {
  const times = cost / limit;
  const factor = times > 100
    ? "more than 100x"
    : times < 1.5
    ? `${times.toFixed(6)}x`
    : `${times.toFixed(1)}x`;
  return `${name} exceeds budget by factor of ${factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}
