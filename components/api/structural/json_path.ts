import { equalJson, isJsonObject, type JsonValue } from "../../base/mod.ts";
import { type Comparison, type JsonPath, parseJsonPath, type Step } from "./json_path_parser.ts";

/** Values that one path may find: what goes beyond is left out. */
const RESULTS_MAXIMUM = 10_000;

/** Reads values out of an object by a path such as `.status.conditions[?(@.type=="Ready")].status`. */
export class JsonPathReader {
  private constructor(private readonly path: JsonPath) {}

  /** Undefined for a text that is no path. */
  static of(text: string): JsonPathReader | undefined {
    const path = parseJsonPath(text);
    return path === undefined ? undefined : new JsonPathReader(path);
  }

  /** The first value that the path leads to; undefined where it leads nowhere. */
  first(object: JsonValue): JsonValue | undefined {
    return follow([object], this.path)[0];
  }

  all(object: JsonValue): readonly JsonValue[] {
    return follow([object], this.path);
  }
}

function follow(values: readonly JsonValue[], path: JsonPath): readonly JsonValue[] {
  let found = values;
  for (const step of path) {
    if (found.length === 0) return found;
    found = found.flatMap((value) => take(value, step)).slice(0, RESULTS_MAXIMUM);
  }
  return found;
}

function take(value: JsonValue, step: Step): readonly JsonValue[] {
  switch (step.is) {
    case "member":
      return isJsonObject(value) && Object.hasOwn(value, step.name)
        ? [value[step.name] ?? null]
        : [];
    case "all":
      return childrenOf(value);
    case "slice":
      return Array.isArray(value) ? sliced(value, step.from, step.to, step.by) : [];
    case "union":
      return step.paths.flatMap((path) => follow([value], path));
    case "deep":
      return deep(value);
    case "filter":
      return childrenOf(value).filter((item) => holds(item, step.comparison));
  }
}

function childrenOf(value: JsonValue): readonly JsonValue[] {
  if (Array.isArray(value)) return value;
  return isJsonObject(value)
    ? Object.values(value).filter((member): member is JsonValue => member !== undefined)
    : [];
}

function sliced(
  items: readonly JsonValue[],
  from: number | undefined,
  to: number | undefined,
  by: number,
): JsonValue[] {
  const at = (index: number) => Math.max(0, index < 0 ? index + items.length : index);
  const end = Math.min(items.length, to === undefined ? items.length : at(to));
  const found: JsonValue[] = [];
  for (let i = from === undefined ? 0 : at(from); i < end; i += by) found.push(items[i] ?? null);
  return found;
}

function deep(value: JsonValue): JsonValue[] {
  const found: JsonValue[] = [];
  const waiting: JsonValue[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.length >= RESULTS_MAXIMUM) break;
    found.push(next);
    waiting.push(...childrenOf(next).toReversed());
  }
  return found;
}

function holds(item: JsonValue, { left, operator, right }: Comparison): boolean {
  const a = operandOf(item, left);
  if (operator === "exists") return a !== undefined;
  const b = operandOf(item, right);
  if (a === undefined || b === undefined) return false;
  switch (operator) {
    case "==":
      return equalJson(a, b);
    case "!=":
      return !equalJson(a, b);
    default:
      return ordered(a, b, operator);
  }
}

function operandOf(item: JsonValue, operand: Comparison["left"]): JsonValue | undefined {
  if (operand === undefined) return undefined;
  return "path" in operand ? follow([item], operand.path)[0] : operand.value;
}

function ordered(a: JsonValue, b: JsonValue, operator: Comparison["operator"]): boolean {
  const comparable = typeof a === typeof b && (typeof a === "number" || typeof a === "string");
  if (!comparable) return false;
  const [x, y] = [a as number, b as number];
  switch (operator) {
    case "<":
      return x < y;
    case "<=":
      return x <= y;
    case ">":
      return x > y;
    default:
      return x >= y;
  }
}
