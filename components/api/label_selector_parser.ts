import { badRequest } from "../base/mod.ts";
import type { LabelOperator, LabelRequirement } from "./label_selector.ts";

/** `word` is an identifier; `end` the end of the text; every other kind is the symbol itself. */
interface Token {
  readonly kind: "word" | "end" | "=" | "==" | "!=" | "!" | "(" | ")" | "," | ">" | "<" | "wrong";
  readonly text: string;
}

const SYMBOLS = "=!(),><";
const OPERATOR_NAMES = "in, notin, =, ==, !=, gt, lt";
const END: Token = { kind: "end", text: "" };

function tokens(text: string): Token[] {
  const found: Token[] = [];
  for (let at = 0; at < text.length;) {
    const char = text.charAt(at);
    if (isSpace(char)) {
      at++;
    } else if (SYMBOLS.includes(char)) {
      const two = text.slice(at, at + 2);
      const symbol = two === "==" || two === "!=" ? two : char;
      found.push({ kind: symbol as Token["kind"], text: symbol });
      at += symbol.length;
    } else {
      const start = at;
      while (at < text.length && !isSpace(text.charAt(at)) && !SYMBOLS.includes(text.charAt(at))) {
        at++;
      }
      found.push({ kind: "word", text: text.slice(start, at) });
    }
  }
  return found;
}

const isSpace = (char: string): boolean =>
  char === " " || char === "\t" || char === "\r" || char === "\n";

/** Reads a selector's string form into requirements, whose keys and values are not yet checked. Throws 400. */
export function parseRequirements(text: string): LabelRequirement[] {
  const reader = new Reader(tokens(text));
  const requirements: LabelRequirement[] = [];
  while (true) {
    const first = reader.peek();
    if (first.kind === "end") return requirements;
    if (first.kind !== "word" && first.kind !== "!") {
      throw badRequest(`found '${first.text}', expected: !, identifier, or 'end of string'`);
    }
    requirements.push(reader.requirement());
    const next = reader.take();
    if (next.kind === "end") return requirements;
    if (next.kind !== ",") {
      throw badRequest(`found '${next.text}', expected: ',' or 'end of string'`);
    }
    const after = reader.peek();
    if (after.kind !== "word" && after.kind !== "!") {
      throw badRequest(`found '${after.text}', expected: identifier after ','`);
    }
  }
}

class Reader {
  #at = 0;

  constructor(readonly all: readonly Token[]) {}

  peek(): Token {
    return this.all[this.#at] ?? END;
  }

  take(): Token {
    const token = this.peek();
    this.#at++;
    return token;
  }

  requirement(): LabelRequirement {
    const negated = this.peek().kind === "!";
    if (negated) this.take();
    const name = this.take();
    if (name.kind !== "word") fail(`found '${name.text}', expected: identifier`);
    const key = name.text;
    const next = this.peek().kind;
    if (negated) return { key, operator: "!", values: [] };
    if (next === "end" || next === ",") return { key, operator: "exists", values: [] };
    const operator = this.operator();
    const values = operator === "in" || operator === "notin" ? this.values() : [this.value()];
    return { key, operator, values };
  }

  operator(): LabelOperator {
    const { kind, text } = this.take();
    if (kind === "=" || kind === "==") return "=";
    if (kind === "!=") return "!=";
    if (kind === ">") return "gt";
    if (kind === "<") return "lt";
    if (kind === "word" && (text === "in" || text === "notin")) return text;
    return fail(`found '${text}', expected: ${OPERATOR_NAMES}`);
  }

  value(): string {
    const next = this.peek().kind;
    if (next === "end" || next === ",") return "";
    const { kind, text } = this.take();
    return kind === "word" ? text : fail(`found '${text}', expected: identifier`);
  }

  /** `(a,b)`; a missing value between commas is the empty one. */
  values(): string[] {
    const open = this.take();
    if (open.kind !== "(") fail(`found '${open.text}' expected: '('`);
    const found = new Set<string>();
    if (this.peek().kind === ")") {
      this.take();
      return [];
    }
    for (let expectValue = true;;) {
      const { kind, text } = this.take();
      if (kind === "word" && expectValue) {
        found.add(text);
        expectValue = false;
      } else if (kind === "," || kind === ")") {
        if (expectValue) found.add("");
        if (kind === ")") return [...found].sort();
        expectValue = true;
      } else {
        fail(
          expectValue
            ? `found '${text}', expected: ',', ')' or identifier`
            : `found '${text}', expected: ',' or ')'`,
        );
      }
    }
  }
}

function fail(text: string): never {
  throw badRequest(`unable to parse requirement: ${text}`);
}
