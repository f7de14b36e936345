import { functions, methods, type Overload, type Range, type Sized } from "../overload.ts";
import { TRAVERSAL } from "../cost_unit.ts";
import { plus, scale, times, UNBOUNDED, UNKNOWN } from "../range.ts";
import { traversal } from "../string_cost.ts";
import { DYN, INT, listOf, STRING } from "../type.ts";
import {
  ArrayList,
  CelFailure,
  type CelList,
  type CelValue,
  costSize,
  textSize,
} from "../value.ts";
import { ELEMENT, work } from "../work.ts";
import { TEXT_LENGTH, TEXT_TOO_LONG } from "./result_bound.ts";
import { formatText } from "./text_format.ts";

const STRINGS = listOf(STRING);

const outOfRange = (index: bigint): CelFailure => new CelFailure(`index out of range: ${index}`);

/** The place of the n-th character among code units; -1 past the end. */
function unitOf(text: string, character: bigint): number {
  if (character < 0n || character > BigInt(text.length)) return -1;
  work(Number(character));
  let at = 0;
  for (let left = Number(character); left > 0; left--) {
    if (at >= text.length) return -1;
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
  return at;
}

/** How many characters stand before a place among code units. */
const characterOf = (text: string, unit: number): bigint => BigInt(textSize(text.slice(0, unit)));

function charAt(text: string, index: bigint): CelValue {
  const at = unitOf(text, index);
  if (at < 0) return outOfRange(index);
  return at === text.length ? "" : String.fromCodePoint(text.codePointAt(at) ?? 0);
}

function indexOf(text: string, part: string, from = 0n): CelValue {
  if (part === "") return from;
  if (from < 0n) return outOfRange(from);
  const start = unitOf(text, from);
  const found = start < 0 ? -1 : text.indexOf(part, start);
  return found < 0 ? -1n : characterOf(text, found);
}

function lastIndexOf(text: string, part: string, from?: bigint): CelValue {
  if (from === undefined) {
    if (part === "") return BigInt(textSize(text));
    const found = text.lastIndexOf(part);
    return found < 0 ? -1n : characterOf(text, found);
  }
  if (part === "") return from;
  if (from < 0n) return outOfRange(from);
  const start = unitOf(text, from);
  if (start < 0 || start >= text.length) return -1n;
  const found = text.lastIndexOf(part, start);
  return found < 0 ? -1n : characterOf(text, found);
}

function substring(text: string, start: bigint, end?: bigint): CelValue {
  if (end !== undefined && start > end) {
    return new CelFailure(`invalid substring range. start: ${start}, end: ${end}`);
  }
  const from = unitOf(text, start);
  if (from < 0) return outOfRange(start);
  if (end === undefined) return text.slice(from);
  const to = unitOf(text, end);
  return to < 0 ? outOfRange(end) : text.slice(from, to);
}

function replace(text: string, old: string, by: string, count = -1n): CelValue {
  if (count === 0n || old === by) return text;
  const limit = count < 0n ? Infinity : Number(count);
  const parts: string[] = [];
  let length = 0;
  let at = 0;
  let done = 0;
  while (done < limit) {
    // An empty text is found before each character and after the last.
    const found = old === "" ? afterCharacters(text, at, done) : text.indexOf(old, at);
    if (found < 0) break;
    parts.push(text.slice(at, found), by);
    length += found - at + by.length;
    if (length > TEXT_LENGTH) return TEXT_TOO_LONG;
    at = found + old.length;
    done++;
  }
  parts.push(text.slice(at));
  return parts.join("");
}

function afterCharacters(text: string, at: number, done: number): number {
  if (done === 0) return 0;
  if (at >= text.length) return -1;
  return at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
}

function split(text: string, separator: string, count = -1n): CelValue {
  if (count === 0n) return new ArrayList([]);
  const limit = count < 0n ? Infinity : Number(count);
  if (separator !== "") {
    const parts = text.split(separator);
    work(parts.length * ELEMENT);
    if (parts.length > limit) {
      parts.push(parts.splice(limit - 1).join(separator));
    }
    return new ArrayList(parts);
  }
  work(text.length * ELEMENT);
  const characters: string[] = [];
  let at = 0;
  while (at < text.length) {
    if (characters.length + 1 === limit) {
      characters.push(text.slice(at));
      break;
    }
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    characters.push(character);
    at += character.length;
  }
  return new ArrayList(characters);
}

function join(list: CelList, separator = ""): CelValue {
  const parts: string[] = [];
  let length = 0;
  work(list.size * ELEMENT);
  for (let i = 0; i < list.size; i++) {
    const part = list.get(i);
    if (part instanceof CelFailure) return part;
    if (typeof part !== "string") return new CelFailure("join: invalid input");
    length += part.length + separator.length;
    if (length > TEXT_LENGTH) return TEXT_TOO_LONG;
    parts.push(part);
  }
  return parts.join(separator);
}

const QUOTED: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};

function quote(text: string): CelValue {
  // deno-lint-ignore no-control-regex
  return `"${text.toWellFormed().replace(/[\x07-\x0d"\\]/g, (found) => QUOTED[found] ?? found)}"`;
}

const lower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
const upper = (text: string): string => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
/** What Go calls white space. */
const SPACE =
  "[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const LEADING = new RegExp(`^${SPACE}+`);

function trim(text: string): string {
  const start = LEADING.exec(text)?.[0].length ?? 0;
  let end = text.length;
  while (end > start && isSpace(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

const isSpace = (character: string): boolean => LEADING.test(character);

/** Walks the first argument once and costs nothing else; estimates know the result's size. */
const walk = traversal(1, true);
const size = (sized: Sized | undefined): Range => sized?.size ?? UNKNOWN;

const searchCosts: Pick<Overload, "cost" | "estimate"> = {
  // A walk of a text is rounded down here, as it is within lists.
  cost: ([text]) => Math.floor(utf8Length(text as string) * TRAVERSAL),
  estimate: ([text]) => ({ cost: scale(size(text), TRAVERSAL) }),
};

export const utf8Length = (text: string): number => {
  work(text.length);
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // A pair of surrogates is four bytes of two units.
    if (code > 0x7f) length += code > 0x7ff && !(code >= 0xd800 && code <= 0xdfff) ? 2 : 1;
  }
  return length;
};

const replaceCosts: Pick<Overload, "cost" | "estimate"> = {
  cost: ([text]) => Math.ceil(costSize(text ?? null) * 2 * TRAVERSAL),
  estimate: ([text, old, by]) => ({
    cost: scale(size(text), 2 * TRAVERSAL),
    size: replacedSize(size(text), size(old), size(by)),
  }),
};

/** From the shortest to the longest that replacing may make. */
function replacedSize(text: Range, old: Range, by: Range): Range {
  let most = { count: Math.ceil(text.max / old.min), kept: 0 };
  if (old.min === 0) most = { count: text.max + 1, kept: text.max };
  else if (by.max <= old.min) most = { count: 0, kept: text.max };
  let least = { count: Math.ceil(text.min / old.max), kept: 0 };
  if (old.max === 0) least = { count: text.min + 1, kept: text.min };
  else if (old.max <= by.min) least = { count: 0, kept: text.min };
  const counts = { min: least.count, max: most.count };
  return plus(times(counts, by), { min: least.kept, max: most.kept });
}

const splitCosts: Pick<Overload, "cost" | "estimate"> = {
  cost: replaceCosts.cost as NonNullable<Overload["cost"]>,
  estimate: ([text, , count]) => {
    const limit = count?.literal;
    const max = typeof limit === "bigint" && limit >= 0n ? Number(limit) : size(text).max;
    return { cost: scale(size(text), 2 * TRAVERSAL), size: { min: 0, max } };
  },
};

const joinCosts: Pick<Overload, "cost" | "estimate"> = {
  cost: (_, result) => Math.ceil(costSize(result) * 2 * TRAVERSAL),
  estimate: ([list, separator]) => {
    const items = size(list);
    let joined = list?.element === undefined ? { min: 0, max: 0 } : times(items, list.element.size);
    if (separator !== undefined) {
      const gaps = { min: Math.max(items.min - 1, 0), max: Math.max(items.max - 1, 0) };
      joined = plus(joined, times(size(separator), gaps));
    }
    return { cost: scale(joined, TRAVERSAL), size: joined };
  },
};

const formatCosts: Pick<Overload, "cost" | "estimate"> = {
  cost: ([text]) => Math.ceil(costSize(text ?? null) * TRAVERSAL),
  estimate: ([text]) => ({ cost: scale(size(text), TRAVERSAL) }),
};

const quoteCosts: Pick<Overload, "cost" | "estimate"> = {
  cost: formatCosts.cost as NonNullable<Overload["cost"]>,
  estimate: ([text]) => {
    const { min, max } = size(text);
    return {
      cost: scale({ min, max }, TRAVERSAL),
      size: { min: min + 2, max: Math.min(max * 2 + 2, UNBOUNDED) },
    };
  },
};

/** Functions on texts beside those of the language. */
export const strings: readonly Overload[] = [
  ...methods("charAt", [["string_char_at_int", [STRING, INT], STRING, charAt]]),
  ...methods("indexOf", [
    ["string_index_of_string", [STRING, STRING], INT, indexOf],
    ["string_index_of_string_int", [STRING, STRING, INT], INT, indexOf],
  ], searchCosts),
  ...methods("lastIndexOf", [
    ["string_last_index_of_string", [STRING, STRING], INT, lastIndexOf],
    ["string_last_index_of_string_int", [STRING, STRING, INT], INT, lastIndexOf],
  ], searchCosts),
  ...methods("lowerAscii", [["string_lower_ascii", [STRING], STRING, lower]], walk),
  ...methods("upperAscii", [["string_upper_ascii", [STRING], STRING, upper]], walk),
  ...methods("replace", [
    ["string_replace_string_string", [STRING, STRING, STRING], STRING, replace],
    ["string_replace_string_string_int", [STRING, STRING, STRING, INT], STRING, replace],
  ], replaceCosts),
  ...methods("split", [
    ["string_split_string", [STRING, STRING], STRINGS, split],
    ["string_split_string_int", [STRING, STRING, INT], STRINGS, split],
  ], splitCosts),
  ...methods("substring", [
    ["string_substring_int", [STRING, INT], STRING, substring],
    ["string_substring_int_int", [STRING, INT, INT], STRING, substring],
  ], walk),
  ...methods("trim", [["string_trim", [STRING], STRING, trim]], walk),
  ...methods("format", [
    ["string_format", [STRING, listOf(DYN)], STRING, formatText],
  ], formatCosts),
  ...methods("join", [
    ["list_join", [STRINGS], STRING, join],
    ["list_join_string", [STRINGS, STRING], STRING, join],
  ], joinCosts),
  ...functions("strings.quote", [["strings_quote", [STRING], STRING, quote]], quoteCosts),
];
