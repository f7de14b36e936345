import type { Expression } from "./expression.ts";
import type { Token } from "./lexer.ts";
import type { Source, SourceError } from "./source.ts";
import { type CelValue, INT_MAX, INT_MIN, Uint, UINT_MAX } from "./value.ts";

/** How deep each rule of the grammar may nest: what parses can be walked by recursion. */
export const NESTING = 250;

/** Ends the parse; what is wrong is in the list of errors already. */
export class Stop extends Error {}

export type Rule = "expr" | "relation" | "calc" | "member";

/** Walks the tokens of an expression, and notes what is wrong with them. */
export class TokenCursor {
  protected readonly tokens: readonly Token[];
  protected at = 0;
  protected readonly depth: Record<Rule, number> = { expr: 0, relation: 0, calc: 0, member: 0 };
  readonly #source: Source;
  readonly #errors: SourceError[];

  constructor(source: Source, tokens: readonly Token[], errors: SourceError[]) {
    this.#source = source;
    this.tokens = tokens;
    this.#errors = errors;
  }

  protected literal(at: number, value: CelValue): Expression {
    return { is: "literal", at, value };
  }

  protected number(token: Token, at: number, sign: "" | "-"): Expression {
    const text = this.text(token);
    if (token.kind === "NUM_FLOAT") {
      const value = Number(sign + text);
      if (!Number.isFinite(value)) return this.wrong(at, "invalid double literal");
      return this.literal(at, value);
    }
    if (token.kind === "NUM_UINT") {
      const value = BigInt(text.slice(0, -1));
      if (value > UINT_MAX) return this.wrong(at, "invalid uint literal");
      return this.literal(at, new Uint(value));
    }
    const value = sign === "-" ? -BigInt(text) : BigInt(text);
    if (value < INT_MIN || value > INT_MAX) return this.wrong(at, "invalid int literal");
    return this.literal(at, value);
  }

  /** Where only the end is wrong, or a symbol stands where an operand should. */
  protected unexpected(token: Token): string {
    const next = this.tokens[this.at];
    const extra = token.kind !== "<EOF>" && next !== undefined && startsOperand(next.kind);
    return `${extra ? "extraneous" : "mismatched"} input ${this.show(token)}`;
  }

  /** Notes an error and goes on, so that others are found as well. */
  protected wrong(offset: number, message: string): Expression {
    this.error(offset, message);
    return this.literal(offset, null);
  }

  protected error(offset: number, message: string): void {
    this.#errors.push({ offset, message });
  }

  protected syntax(token: Token, message: string): void {
    this.error(token.start, `Syntax error: ${message}`);
  }

  protected enter(rule: Rule): void {
    if (++this.depth[rule] <= NESTING) return;
    this.error(-1, `expression recursion limit exceeded: ${NESTING}`);
    throw new Stop();
  }

  protected peek(): Token {
    return this.tokens[this.at] as Token;
  }

  protected next(): Token {
    const token = this.peek();
    if (token.kind !== "<EOF>") this.at++;
    return token;
  }

  protected accept(kind: string): Token | undefined {
    return this.peek().kind === kind ? this.next() : undefined;
  }

  protected expect(kind: string): Token {
    const token = this.accept(kind);
    if (token !== undefined) return token;
    const found = this.peek();
    const wanted = kind === "IDENTIFIER" ? "{IDENTIFIER, ESC_IDENTIFIER}" : `'${kind}'`;
    this.syntax(found, `mismatched input ${this.show(found)} expecting ${wanted}`);
    throw new Stop();
  }

  protected show(token: Token): string {
    return `'${this.text(token)}'`;
  }

  protected text(token: Token): string {
    return token.kind === "<EOF>" ? token.kind : this.#source.slice(token.start, token.end);
  }

  protected textOf(start: number, last: Token): string {
    const text = this.#source.slice(start, last.end);
    return last.kind === "<EOF>" ? text.trimEnd() : text;
  }
}

function startsOperand(kind: string): boolean {
  return kind === "IDENTIFIER" || kind.startsWith("NUM_") || kind === "STRING" ||
    kind === "BYTES" || kind === "true" || kind === "false" || kind === "null" || kind === "(";
}
