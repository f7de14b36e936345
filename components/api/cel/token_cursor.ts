import type { Expression } from "./expression.ts";
import type { Token } from "./lexer.ts";
import type { Source, SourceError } from "./source.ts";
import { type CelValue, INT_MAX, INT_MIN, Uint, UINT_MAX } from "./value.ts";

/** How deep expressions may stand within one another, and operators, members and calls: what parses can be walked by recursion. */
const NESTING = 250;

/** Ends the parse; what is wrong is in the list of errors already. */
export class Stop extends Error {}

/** Walks the tokens of an expression, and notes what is wrong with them. */
export class TokenCursor {
  protected readonly tokens: readonly Token[];
  protected at = 0;
  /** What else but an operand may stand at a place. */
  protected alsoExpected: { readonly at: number; readonly kind: string } | undefined;
  /** How many of each rule the parser is within. */
  protected readonly within: Record<"expr" | "relation" | "calc", number> = {
    expr: 0,
    relation: 0,
    calc: 0,
  };
  /** How deep the operators, members and calls of a node are; 0 where it has none. */
  readonly #depths: Map<Expression, number> = new Map();
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

  /** A token that begins no operand: it is skipped where an operand follows, and ends the parse where none does. */
  protected unexpected(token: Token, operands: string): void {
    const also = this.alsoExpected?.at === this.at - 1 ||
        token.kind === "<EOF>" && this.alsoExpected?.at === this.at
      ? this.alsoExpected?.kind
      : undefined;
    const expected = also === ")"
      ? operands.replace("'(', ", "'(', ')', ")
      : also === "?"
      ? operands.replace("'!', ", "'!', '?', ")
      : operands;
    const next = this.tokens[this.at];
    const extra = token.kind !== "<EOF>" && next !== undefined && startsOperand(next.kind);
    const kind = extra ? "extraneous" : "mismatched";
    this.syntax(token, `${kind} input ${this.show(token)} expecting ${expected}`);
    if (!extra) throw new Stop();
  }

  protected unexpectedMember(dot: number, token: Token, optional: boolean): string {
    const shown = `mismatched input ${this.show(token)} expecting`;
    if (optional) return `${shown} {IDENTIFIER, ESC_IDENTIFIER}`;
    const word = token.kind === "true" || token.kind === "false" || token.kind === "null";
    return word
      ? `${shown} IDENTIFIER`
      : `no viable alternative at input '${this.textOf(dot, token)}'`;
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

  protected enter(rule: "expr" | "relation" | "calc"): void {
    if (++this.within[rule] > NESTING) {
      this.#tooDeep(`expression recursion limit exceeded: ${NESTING}`);
    }
  }

  /** Notes how deep a node is; operators, members and calls are one deeper than what they hold. */
  protected nest<T extends Expression>(node: T, parts: readonly Expression[], levels: 0 | 1): T {
    let depth = 0;
    for (const part of parts) depth = Math.max(depth, this.#depths.get(part) ?? 0);
    depth += levels;
    if (depth > NESTING) this.#tooDeep("max recursion depth exceeded");
    if (depth > 0) this.#depths.set(node, depth);
    return node;
  }

  #tooDeep(message: string): never {
    this.error(-1, message);
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

  /** The token of a kind, which must be next; one token too many before it is skipped. */
  protected expect(kind: string, orComma = false): Token {
    const token = this.accept(kind);
    if (token !== undefined) return token;
    const found = this.peek();
    const wanted = kind === "IDENTIFIER"
      ? "{IDENTIFIER, ESC_IDENTIFIER}"
      : orComma
      ? `{'${kind}', ','}`
      : `'${kind}'`;
    if (this.tokens[this.at + 1]?.kind === kind) {
      this.syntax(found, `extraneous input ${this.show(found)} expecting ${wanted}`);
      this.next();
      return this.next();
    }
    const closes = kind === ")" || kind === "]";
    const missing = !orComma &&
      (found.kind === "<EOF>" ? closes : kind === ":" && startsOperand(found.kind));
    this.syntax(
      found,
      missing
        ? `missing ${wanted} at ${this.show(found)}`
        : `mismatched input ${this.show(found)} expecting ${wanted}`,
    );
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
