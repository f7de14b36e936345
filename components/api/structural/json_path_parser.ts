import type { JsonValue } from "../../base/mod.ts";

export type JsonPath = readonly Step[];

/** One step of a path, each from many values to many. */
export type Step =
  | { readonly is: "member"; readonly name: string }
  | { readonly is: "all" }
  | { readonly is: "deep" }
  | {
    readonly is: "slice";
    readonly from: number | undefined;
    readonly to: number | undefined;
    readonly by: number;
  }
  | { readonly is: "union"; readonly paths: readonly JsonPath[] }
  | { readonly is: "filter"; readonly comparison: Comparison };

export interface Comparison {
  readonly left: Operand | undefined;
  readonly operator: "==" | "!=" | "<" | "<=" | ">" | ">=" | "exists";
  readonly right: Operand | undefined;
}

export type Operand = { readonly path: JsonPath } | { readonly value: JsonValue };

/** Characters of one path, and filters within filters. */
const PATH_CHARACTERS = 4096;
const FILTERS_DEEP = 8;
const OPERATORS = ["==", "!=", "<=", ">=", "<", ">"] as const;

/** Reads a path; undefined where it is none. */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (text.length > PATH_CHARACTERS) return undefined;
  try {
    return new Parser(text).whole();
  } catch (error) {
    if (error instanceof PathError) return undefined;
    throw error;
  }
}

class PathError extends Error {}

class Parser {
  #at = 0;

  constructor(readonly text: string, readonly depth = 0) {
    if (depth > FILTERS_DEEP) throw new PathError("nested too deep");
  }

  whole(): JsonPath {
    const { text } = this;
    if (text[0] === "$" || text[0] === "@") this.#at++;
    const steps: Step[] = [];
    while (this.#at < text.length) steps.push(...this.#step());
    return steps;
  }

  #step(): Step[] {
    const { text } = this;
    if (text.startsWith("..", this.#at)) {
      this.#at += 2;
      return [{ is: "deep" }, ...(text[this.#at] === "[" ? [] : this.#name())];
    }
    if (text[this.#at] === ".") {
      this.#at++;
      // The whole object, or a bracket that has a dot before it.
      if (this.#at === text.length || text[this.#at] === "[") return [];
      return this.#name();
    }
    if (text[this.#at] === "[") return [this.#bracket()];
    return this.#name();
  }

  #name(): Step[] {
    const { text } = this;
    let name = "";
    while (this.#at < text.length && !".[ \t\n".includes(text[this.#at] ?? "")) {
      if (text[this.#at] === "\\") this.#at++;
      name += text[this.#at++] ?? "";
    }
    if (name === "") throw new PathError("a name is missing");
    return [name === "*" ? { is: "all" } : { is: "member", name }];
  }

  #bracket(): Step {
    const inner = this.#inner();
    if (inner === "*") return { is: "all" };
    if (inner.startsWith("?(") && inner.endsWith(")")) {
      return { is: "filter", comparison: this.#comparison(inner.slice(2, -1).trim()) };
    }
    const parts = splitOutside(inner, ",");
    if (parts.length > 1) {
      return {
        is: "union",
        paths: parts.map((part) => new Parser(`[${part.trim()}]`, this.depth + 1).whole()),
      };
    }
    const quote = inner[0];
    if ((quote === "'" || quote === '"') && inner.length > 1 && inner.at(-1) === quote) {
      return { is: "member", name: unquoted(inner) };
    }
    const slice = /^(-?\d+)?(?::(-?\d+)?(?::(\d+))?)?$/.exec(inner);
    if (slice === null || inner === "") throw new PathError("a bracket holds no index");
    const [, from, to, by] = slice;
    if (!inner.includes(":")) {
      const index = Number(from);
      return { is: "slice", from: index, to: index === -1 ? undefined : index + 1, by: 1 };
    }
    const step = by === undefined ? 1 : Number(by);
    if (step < 1) throw new PathError("a step is not positive");
    return {
      is: "slice",
      from: from === undefined ? undefined : Number(from),
      to: to === undefined ? undefined : Number(to),
      by: step,
    };
  }

  /** What stands between a bracket and the one that closes it. */
  #inner(): string {
    const { text } = this;
    const start = ++this.#at;
    let depth = 1;
    for (let quote = ""; this.#at < text.length; this.#at++) {
      const char = text[this.#at] ?? "";
      if (quote !== "") {
        if (char === "\\") this.#at++;
        else if (char === quote) quote = "";
      } else if (char === "'" || char === '"') quote = char;
      else if (char === "[") depth++;
      else if (char === "]" && --depth === 0) return text.slice(start, this.#at++).trim();
    }
    throw new PathError("a bracket is open");
  }

  #comparison(text: string): Comparison {
    for (const operator of OPERATORS) {
      const parts = splitOutside(text, operator);
      if (parts.length !== 2) continue;
      const [left, right] = parts.map((part) => this.#operand(part.trim()));
      return { left, operator, right };
    }
    return { left: this.#operand(text), operator: "exists", right: undefined };
  }

  #operand(text: string): Operand {
    const first = text[0];
    if ((first === "'" || first === '"') && text.length > 1 && text.at(-1) === first) {
      return { value: unquoted(text) };
    }
    if (text === "true" || text === "false") return { value: text === "true" };
    if (/^-?\d+(\.\d+)?$/.test(text)) return { value: Number(text) };
    if (first !== "@" && first !== ".") throw new PathError("an operand is neither value nor path");
    return { path: new Parser(text, this.depth + 1).whole() };
  }
}

/** Splits at a mark, but not within quotes or brackets. */
function splitOutside(text: string, mark: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quote = "";
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? "";
    if (quote !== "") {
      if (char === "\\") i++;
      else if (char === quote) quote = "";
    } else if (char === "'" || char === '"') quote = char;
    else if (char === "[" || char === "(") depth++;
    else if (char === "]" || char === ")") depth--;
    else if (depth === 0 && text.startsWith(mark, i)) {
      parts.push(text.slice(start, i));
      i += mark.length - 1;
      start = i + 1;
    }
  }
  return [...parts, text.slice(start)];
}

function unquoted(text: string): string {
  return text.slice(1, -1).replaceAll(/\\(.)/g, "$1");
}
