import type { Entry, Expression, StructField } from "./expression.ts";
import { type Token, tokenize } from "./lexer.ts";
import { bytesOfLiteral, textOfLiteral } from "./literal_text.ts";
import { expandMacro } from "./macros.ts";
import type { Source, SourceError } from "./source.ts";
import { Stop, TokenCursor } from "./token_cursor.ts";

/** Code points of an expression. */
const EXPRESSION_LENGTH = 100_000;

const RELATIONS = new Set(["<", "<=", ">=", ">", "==", "!=", "in"]);
const SUMS = new Set(["+", "-"]);
const PRODUCTS = new Set(["*", "/", "%"]);
const OPERATOR_NAMES: Readonly<Record<string, string>> = { in: "@in" };
const RESERVED = new Set([
  ..."as break const continue else false for function if import in let loop package namespace"
    .split(" "),
  ..."null return true var void while".split(" "),
]);
/** What may begin an expression, as errors list it. */
const EXPECTED =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

export type Parsed =
  | { readonly expression: Expression; readonly errors?: undefined }
  | { readonly errors: readonly SourceError[] };

/** Reads an expression and expands its macros. Deep nesting is an error, not a deep recursion. */
export function parseExpression(source: Source): Parsed {
  if (source.length > EXPRESSION_LENGTH) {
    const message =
      `expression code point size exceeds limit: size: ${source.length}, limit ${EXPRESSION_LENGTH}`;
    return { errors: [{ offset: -1, message }] };
  }
  const { tokens, errors } = tokenize(source);
  const parser = new Parser(source, tokens, errors);
  let expression: Expression | undefined;
  try {
    expression = parser.parse();
  } catch (stop) {
    if (!(stop instanceof Stop)) throw stop;
  }
  return errors.length > 0 || expression === undefined ? { errors } : { expression };
}

/** Recursive descent, one method a rule of CEL's grammar. */
class Parser extends TokenCursor {
  parse(): Expression {
    const expression = this.#expr();
    const token = this.peek();
    if (token.kind !== "<EOF>") {
      this.syntax(token, `extraneous input ${this.show(token)} expecting <EOF>`);
    }
    return expression;
  }

  #expr(): Expression {
    this.enter("expr");
    const condition = this.#logical("||", () => this.#logical("&&", () => this.#relation()));
    let expression = condition;
    const question = this.accept("?");
    if (question !== undefined) {
      const yes = this.#logical("||", () => this.#logical("&&", () => this.#relation()));
      this.expect(":");
      expression = this.#operator(question.start, "_?_:_", [condition, yes, this.#expr()]);
    }
    this.within.expr--;
    return expression;
  }

  /** Chains of `&&` or `||` are one call of many arguments, so that long ones are not deep. */
  #logical(operator: "&&" | "||", operand: () => Expression): Expression {
    const first = operand();
    if (this.peek().kind !== operator) return first;
    const at = this.peek().start;
    const args = [first];
    while (this.accept(operator) !== undefined) args.push(operand());
    return this.nest(call(at, `_${operator}_`, args), args, 0);
  }

  #relation(): Expression {
    this.enter("relation");
    const relation = this.#binary("relation", RELATIONS, () => this.#sum());
    this.within.relation--;
    return relation;
  }

  #sum(): Expression {
    this.enter("calc");
    const sum = this.#binary("calc", SUMS, () => this.#product());
    this.within.calc--;
    return sum;
  }

  #product(): Expression {
    return this.#binary("calc", PRODUCTS, () => this.#unary());
  }

  #binary(
    rule: "relation" | "calc",
    operators: ReadonlySet<string>,
    operand: () => Expression,
  ): Expression {
    let left = operand();
    while (operators.has(this.peek().kind)) {
      const { kind, start } = this.next();
      this.enter(rule);
      left = this.#operator(start, OPERATOR_NAMES[kind] ?? `_${kind}_`, [left, operand()]);
      this.within[rule]--;
    }
    return left;
  }

  #operator(at: number, name: string, args: readonly Expression[]): Expression {
    return this.nest(call(at, name, args), args, 1);
  }

  #unary(): Expression {
    const first = this.peek();
    if (first.kind !== "!" && first.kind !== "-") return this.#member();
    const next = this.tokens[this.at + 1];
    if (first.kind === "-" && isNumber(next?.kind)) return this.#member();
    let count = 0;
    while (this.peek().kind === first.kind) {
      this.next();
      count++;
    }
    // Two of a kind are none.
    const operand = this.#member();
    if (count % 2 === 0) return operand;
    return this.nest(call(first.start, first.kind === "!" ? "!_" : "-_", [operand]), [operand], 0);
  }

  #member(): Expression {
    let operand = this.#primary();
    for (;;) {
      const { kind, start } = this.peek();
      if (kind !== "." && kind !== "[") return operand;
      this.next();
      operand = kind === "." ? this.#select(operand, start) : this.#index(operand, start);
    }
  }

  #select(operand: Expression, at: number): Expression {
    const optional = this.accept("?") !== undefined;
    const name = this.peek();
    if (name.kind !== "IDENTIFIER") {
      if (name.kind === "ESC_IDENTIFIER") this.error(name.start, "unsupported syntax: '`'");
      else this.syntax(name, this.unexpectedMember(at, name, optional));
      throw new Stop();
    }
    this.next();
    const field = this.text(name);
    if (optional) {
      const literal: Expression = { is: "literal", at: name.start, value: field };
      return this.#operator(at, "_?._", [operand, literal]);
    }
    const open = this.accept("(");
    if (open === undefined) {
      return this.nest({ is: "select", at, operand, field, test: false }, [operand], 1);
    }
    return this.#callOrMacro(open.start, field, operand, this.#list(")"));
  }

  #index(operand: Expression, at: number): Expression {
    this.alsoExpected = { at: this.at, kind: "?" };
    const optional = this.accept("?") !== undefined;
    const index = this.#expr();
    this.expect("]");
    return this.#operator(at, optional ? "_[?_]" : "_[_]", [operand, index]);
  }

  #primary(): Expression {
    const token = this.next();
    switch (token.kind) {
      case "(": {
        const inner = this.#expr();
        this.expect(")");
        return inner;
      }
      case "[":
        return this.#listLiteral(token.start);
      case "{":
        return this.#mapLiteral(token.start);
      case ".":
      case "IDENTIFIER":
        return this.#name(token);
      case "-":
        if (!isNumber(this.peek().kind)) break;
        return this.number(this.next(), token.start, "-");
      case "NUM_INT":
      case "NUM_UINT":
      case "NUM_FLOAT":
        return this.number(token, token.start, "");
      case "true":
      case "false":
        return this.literal(token.start, token.kind === "true");
      case "null":
        return this.literal(token.start, null);
      case "STRING": {
        const read = textOfLiteral(this.text(token));
        if ("error" in read) return this.wrong(token.start, read.error);
        return this.literal(token.start, read.text);
      }
      case "BYTES": {
        const read = bytesOfLiteral(this.text(token));
        if ("error" in read) return this.wrong(token.start, read.error);
        return this.literal(token.start, read.bytes);
      }
    }
    this.unexpected(token, EXPECTED);
    return this.#primary();
  }

  #name(first: Token): Expression {
    const dotted = first.kind === ".";
    const name = dotted ? this.next() : first;
    if (name.kind !== "IDENTIFIER") {
      this.syntax(name, `no viable alternative at input '.${this.text(name)}'`);
      throw new Stop();
    }
    const struct = this.#structName();
    if (struct !== undefined) return this.#struct(struct);
    const text = this.text(name);
    const open = this.accept("(");
    if (RESERVED.has(text)) {
      if (open !== undefined) this.#list(")");
      return this.wrong(first.start, `reserved identifier: ${text}`);
    }
    if (open === undefined) return { is: "ident", at: name.start, name: text };
    return this.#callOrMacro(open.start, text, undefined, this.#list(")"));
  }

  /** `a.b.C` where a brace follows and makes it the name of a type; then the brace is the next token. */
  #structName(): string | undefined {
    let end = this.at;
    let name = this.text(this.tokens[end - 1] as Token);
    while (this.tokens[end]?.kind === "." && this.tokens[end + 1]?.kind === "IDENTIFIER") {
      name += `.${this.text(this.tokens[end + 1] as Token)}`;
      end += 2;
    }
    if (this.tokens[end]?.kind !== "{") return undefined;
    this.at = end;
    return name;
  }

  #struct(name: string): Expression {
    const at = this.next().start;
    const fields: StructField[] = [];
    while (this.peek().kind !== "}" && !this.#lastComma(fields.length)) {
      const optional = this.accept("?") !== undefined;
      const field = this.expect("IDENTIFIER");
      const colon = this.expect(":");
      fields.push({ at: colon.start, name: this.text(field), value: this.#expr(), optional });
      if (this.accept(",") === undefined) break;
    }
    this.expect("}", true);
    return this.nest({ is: "struct", at, name, fields }, fields.map(({ value }) => value), 0);
  }

  #listLiteral(at: number): Expression {
    const optional = new Set<number>();
    const elements: Expression[] = [];
    while (this.peek().kind !== "]" && !this.#lastComma(elements.length)) {
      if (this.accept("?") !== undefined) optional.add(elements.length);
      elements.push(this.#expr());
      if (this.accept(",") === undefined) break;
    }
    this.expect("]", true);
    return this.nest({ is: "list", at, elements, optional }, elements, 0);
  }

  #mapLiteral(at: number): Expression {
    const entries: Entry[] = [];
    while (this.peek().kind !== "}" && !this.#lastComma(entries.length)) {
      const optional = this.accept("?") !== undefined;
      const key = this.#expr();
      const colon = this.expect(":");
      entries.push({ at: colon.start, key, value: this.#expr(), optional });
      if (this.accept(",") === undefined) break;
    }
    this.expect("}", true);
    const parts = entries.flatMap(({ key, value }) => [key, value]);
    return this.nest({ is: "map", at, entries }, parts, 0);
  }

  /** `[,]` is a list without elements. */
  #lastComma(before: number): boolean {
    return before === 0 && this.accept(",") !== undefined;
  }

  #list(close: string): Expression[] {
    const args: Expression[] = [];
    this.alsoExpected = { at: this.at, kind: close };
    if (this.accept(close) !== undefined) return args;
    do args.push(this.#expr()); while (this.accept(",") !== undefined);
    this.expect(close);
    return args;
  }

  #callOrMacro(
    at: number,
    name: string,
    target: Expression | undefined,
    args: readonly Expression[],
  ): Expression {
    const expanded = expandMacro(at, name, target, args) ?? { is: "call", at, name, target, args };
    if ("message" in expanded) return this.wrong(expanded.offset, expanded.message);
    return target === undefined
      ? this.nest(expanded, args, 0)
      : this.nest(expanded, [target, ...args], 1);
  }
}

function call(at: number, name: string, args: readonly Expression[]): Expression {
  return { is: "call", at, name, target: undefined, args };
}

/** A sign belongs to such a literal. */
const isNumber = (kind: string | undefined): boolean => kind === "NUM_INT" || kind === "NUM_FLOAT";
