import { compilePattern } from "../regex/mod.ts";
import type { Expression, ListLiteral, MapLiteral } from "./expression.ts";
import { type Clause, parseFormat, unfitText } from "./library/text_format.ts";
import type { SourceError } from "./source.ts";
import { parseGoDuration, readTimestamp, TIMESTAMP_MAX, TIMESTAMP_MIN } from "./time.ts";
import { type CelType, formatType, sameType, typeName, typeParameters } from "./type.ts";

/** Finds literals that can only go wrong: patterns, times and formats that are none, lists of unlike elements. */
export function checkLiterals(root: Expression): SourceError[] {
  const errors: SourceError[] = [];
  visit(root, false, [new Set(), new Set()], errors);
  return errors;
}

/** Arguments of `format` may be of unlike types. Macros may use one node twice: it is looked at once. */
function visit(
  node: Expression,
  inFormat: boolean,
  seen: readonly [Set<Expression>, Set<Expression>],
  errors: SourceError[],
): void {
  const known = seen[inFormat ? 1 : 0];
  if (known.has(node)) return;
  known.add(node);
  let formatting = inFormat;
  if (node.is === "call") {
    formatting ||= node.name === "format";
    checkCall(node.name, node.at, node.target, node.args, errors);
  } else if (!inFormat && node.is === "list") checkList(node, errors);
  else if (!inFormat && node.is === "map") checkMap(node, errors);
  for (const child of children(node)) visit(child, formatting, seen, errors);
}

function children(node: Expression): readonly Expression[] {
  switch (node.is) {
    case "literal":
    case "ident":
      return [];
    case "select":
      return node.resolved === undefined ? [node.operand] : [];
    case "call":
      return node.target === undefined ? node.args : [node.target, ...node.args];
    case "list":
      return node.elements;
    case "map":
      return node.entries.flatMap(({ key, value }) => [key, value]);
    case "struct":
      return node.fields.map(({ value }) => value);
    case "comprehension":
      return [node.range, node.initial, node.condition, node.step, node.result];
  }
}

function checkCall(
  name: string,
  at: number,
  target: Expression | undefined,
  args: readonly Expression[],
  errors: SourceError[],
): void {
  const [argument] = args;
  if (argument?.is === "literal" && !isGood(name, argument.value)) {
    errors.push({ offset: argument.at, message: `invalid ${name} argument` });
  }
  if (name === "format" && target?.is === "literal" && argument?.is === "list") {
    if (typeof target.value === "string") checkFormat(at, target.value, argument.elements, errors);
  }
}

function isGood(name: string, value: unknown): boolean {
  switch (name) {
    case "matches":
      return typeof value !== "string" || !("error" in compilePattern(value));
    case "duration":
      return typeof value === "string" && parseGoDuration(value) !== undefined;
    case "timestamp": {
      if (typeof value === "string") return readTimestamp(value, true) !== undefined;
      const nanos = typeof value === "bigint" ? value * 1_000_000_000n : TIMESTAMP_MAX + 1n;
      return nanos >= TIMESTAMP_MIN && nanos <= TIMESTAMP_MAX;
    }
    default:
      return true;
  }
}

function checkList({ elements, optional }: ListLiteral, errors: SourceError[]): void {
  let first: CelType | undefined;
  for (const [i, element] of elements.entries()) {
    const type = entryType(element, optional.has(i));
    first ??= type;
    if (sameType(first, type)) continue;
    errors.push(mismatch(element.at, first, type));
    return;
  }
}

function checkMap({ entries }: MapLiteral, errors: SourceError[]): void {
  let first: readonly [CelType, CelType] | undefined;
  for (const { key, value, optional } of entries) {
    const types = [key.type as CelType, entryType(value, optional)] as const;
    first ??= types;
    if (!sameType(first[0], types[0])) errors.push(mismatch(key.at, first[0], types[0]));
    if (!sameType(first[1], types[1])) errors.push(mismatch(value.at, first[1], types[1]));
  }
}

function entryType(node: Expression, optional: boolean): CelType {
  const type = node.type as CelType;
  return optional ? typeParameters(type)[0] ?? type : type;
}

function mismatch(offset: number, expected: CelType, found: CelType): SourceError {
  const message = `expected type '${formatType(expected)}' but found '${formatType(found)}'`;
  return { offset, message };
}

function checkFormat(
  at: number,
  format: string,
  args: readonly Expression[],
  errors: SourceError[],
): void {
  const parsed = parseFormat(format);
  if ("error" in parsed) {
    errors.push({ offset: at, message: parsed.error });
    return;
  }
  const clauses = parsed.parts.filter((part): part is Clause => typeof part !== "string");
  for (const [i, { verb }] of clauses.entries()) {
    const argument = args[i];
    if (argument === undefined) {
      errors.push({ offset: at, message: `index ${i} out of range` });
      return;
    }
    const unfit = verb === "s" ? unfitPart(argument) : fits(verb, argument) ? undefined : argument;
    if (unfit === undefined) continue;
    const message = unfitText(verb, typeName(unfit.type as CelType));
    errors.push({ offset: unfit.at, message });
    return;
  }
  if (args.length > clauses.length) {
    const counts = `(expected ${clauses.length}, got ${args.length})`;
    errors.push({
      offset: at,
      message: `too many arguments supplied to string.format ${counts}`,
    });
  }
}

const TAKEN: Readonly<Record<string, string>> = {
  d: "int uint",
  f: "double string",
  e: "double string",
  b: "int uint bool",
  o: "int uint",
  x: "int uint string bytes",
  X: "int uint string bytes",
  s: "list map int uint double bool string timestamp bytes duration type null",
};

function fits(verb: string, { type }: Expression): boolean {
  return type?.kind === "dyn" || (TAKEN[verb] ?? "").split(" ").includes(type?.kind ?? "");
}

/** The part of an argument that `%s` does not take. */
function unfitPart(argument: Expression): Expression | undefined {
  if (!fits("s", argument)) return argument;
  if (argument.is !== "list" && argument.is !== "map") return undefined;
  for (const child of children(argument)) {
    const unfit = unfitPart(child);
    if (unfit !== undefined) return unfit;
  }
  return undefined;
}
