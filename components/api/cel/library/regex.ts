import { compilePattern } from "../../regex/mod.ts";
import { methods, type Overload } from "../overload.ts";
import { work } from "../work.ts";
import { UNKNOWN } from "../range.ts";
import { patternCost, patternEstimate } from "../string_cost.ts";
import { INT, listOf, STRING } from "../type.ts";
import { ArrayList, CelFailure, type CelValue, costSize } from "../value.ts";

function find(text: string, source: string): CelValue {
  const pattern = compilePattern(source);
  return "error" in pattern
    ? new CelFailure(`Illegal regex: ${pattern.error}`)
    : pattern.find(text);
}

/** Matches that are looked for, and what each counts as work. */
const MATCHES = 100_000;
const MATCH = 200;

function findAll(text: string, source: string, limit = -1n): CelValue {
  const pattern = compilePattern(source);
  if ("error" in pattern) return new CelFailure(`Illegal regex: ${pattern.error}`);
  const most = limit < 0n || limit > BigInt(MATCHES) ? MATCHES : Number(limit);
  const found = pattern.findAll(text, most);
  // A pattern that is empty costs nothing, and matches everywhere.
  work(text.length + found.length * MATCH);
  if (found.length === MATCHES) return new CelFailure("matches exceed limit", "cost");
  return new ArrayList(found);
}

const costs: Pick<Overload, "cost" | "estimate"> = {
  cost: ([text, pattern]) => patternCost(costSize(text ?? null), costSize(pattern ?? null)),
  estimate: ([text, pattern]) => {
    const size = text?.size ?? UNKNOWN;
    return {
      cost: patternEstimate(size, pattern?.size ?? UNKNOWN),
      size: { min: 0, max: size.max },
    };
  },
};

/** Matches of patterns in texts. */
export const regex: readonly Overload[] = [
  ...methods("find", [["string_find_string", [STRING, STRING], STRING, find]], costs),
  ...methods("findAll", [
    ["string_find_all_string", [STRING, STRING], listOf(STRING), findAll],
    ["string_find_all_string_int", [STRING, STRING, INT], listOf(STRING), findAll],
  ], costs),
];
