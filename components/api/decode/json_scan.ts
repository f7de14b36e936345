/** What a strict reading of JSON text finds beyond what `JSON.parse` tells. */
export interface JsonScan {
  /** Go's words for the first syntax error; undefined where the text is JSON. */
  readonly error: string | undefined;
  /** Paths of members that stand more than once in their object, `spec.containers[0].name`. */
  readonly duplicates: readonly string[];
}

/** As many duplicates as upstream reports. */
export const MAX_DUPLICATES = 100;
/** Nesting beyond this is refused; upstream stops at 10,000, far beyond any object. */
export const MAX_NESTING = 1_000;

const LITERALS: Readonly<Record<string, string>> = { t: "true", f: "false", n: "null" };

/** Reads the text member by member. Slow: for bodies that are known to be wrong or to hold a duplicate. */
export function scanJson(text: string): JsonScan {
  const scanner = new Scanner(text);
  try {
    scanner.document();
    return { error: undefined, duplicates: scanner.duplicates };
  } catch (error) {
    if (!(error instanceof ScanError)) throw error;
    return { error: error.message, duplicates: scanner.duplicates };
  }
}

/**
 * The number of object members in a JSON text, duplicates counted. Only strings are looked at: a member's name is a
 * string with a colon behind it. Valid only for text that `JSON.parse` takes.
 */
export function countMembers(text: string): number {
  let members = 0;
  for (let open = text.indexOf('"'); open >= 0;) {
    let close = text.indexOf('"', open + 1);
    while (close >= 0 && isEscaped(text, close)) close = text.indexOf('"', close + 1);
    if (close < 0) break;
    let next = close + 1;
    while (isBlank(text.charCodeAt(next))) next++;
    if (text.charCodeAt(next) === 0x3a) members++;
    open = text.indexOf('"', next);
  }
  return members;
}

/** True when an odd number of backslashes stands before `at`. */
function isEscaped(text: string, at: number): boolean {
  let start = at;
  while (text.charCodeAt(start - 1) === 0x5c) start--;
  return (at - start) % 2 === 1;
}

const isBlank = (code: number): boolean =>
  code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
const isDigit = (char: string | undefined): boolean =>
  char !== undefined && char >= "0" && char <= "9";

class ScanError extends Error {}

class Scanner {
  readonly duplicates: string[] = [];
  #at = 0;
  #path: (string | number)[] = [];

  constructor(readonly text: string) {}

  document(): void {
    this.#value();
    this.#blanks();
    if (this.#at < this.text.length) this.#refuse("after top-level value");
  }

  #value(): void {
    this.#blanks();
    if (this.#path.length > MAX_NESTING) throw new ScanError("exceeded max depth");
    const char = this.text[this.#at];
    if (char === "{") return this.#object();
    if (char === "[") return this.#array();
    if (char === '"') return void this.#string();
    if (char === "-" || isDigit(char)) return this.#number();
    const literal = LITERALS[char ?? ""];
    if (literal === undefined) this.#refuse("looking for beginning of value");
    for (let i = 0; i < literal.length; i++, this.#at++) {
      if (this.text[this.#at] !== literal[i]) {
        this.#refuse(`in literal ${literal} (expecting '${literal[i]}')`);
      }
    }
  }

  #object(): void {
    this.#at++;
    this.#blanks();
    const seen = new Set<string>();
    if (this.#take("}")) return;
    for (;;) {
      this.#blanks();
      if (this.text[this.#at] !== '"') this.#refuse("looking for beginning of object key string");
      const name = this.#string();
      this.#path.push(name);
      if (seen.has(name)) this.#duplicate();
      seen.add(name);
      this.#blanks();
      if (!this.#take(":")) this.#refuse("after object key");
      this.#value();
      this.#path.pop();
      this.#blanks();
      if (this.#take("}")) return;
      if (!this.#take(",")) this.#refuse("after object key:value pair");
    }
  }

  #array(): void {
    this.#at++;
    this.#blanks();
    if (this.#take("]")) return;
    for (let index = 0;; index++) {
      this.#path.push(index);
      this.#value();
      this.#path.pop();
      this.#blanks();
      if (this.#take("]")) return;
      if (!this.#take(",")) this.#refuse("after array element");
    }
  }

  #string(): string {
    const start = this.#at++;
    for (;; this.#at++) {
      const code = this.text.charCodeAt(this.#at);
      if (code === 0x22) break;
      if (Number.isNaN(code) || code < 0x20) this.#refuse("in string literal");
      if (code !== 0x5c) continue;
      this.#at++;
      const escape = this.text[this.#at];
      if (escape === undefined || !'"\\/bfnrtu'.includes(escape)) {
        this.#refuse("in string escape code");
      }
      for (let digits = escape === "u" ? 4 : 0; digits > 0; digits--) {
        this.#at++;
        if (!/[0-9a-fA-F]/.test(this.text[this.#at] ?? "")) {
          this.#refuse("in \\u hexadecimal character escape");
        }
      }
    }
    this.#at++;
    return JSON.parse(this.text.slice(start, this.#at)) as string;
  }

  #number(): void {
    if (this.text[this.#at] === "-") this.#at++;
    if (!isDigit(this.text[this.#at])) this.#refuse("in numeric literal");
    if (this.text[this.#at] === "0") this.#at++;
    else this.#digits();
    if (this.#take(".")) {
      if (!isDigit(this.text[this.#at])) this.#refuse("after decimal point in numeric literal");
      this.#digits();
    }
    if (this.#take("e") || this.#take("E")) {
      if (!this.#take("+")) this.#take("-");
      if (!isDigit(this.text[this.#at])) this.#refuse("in exponent of numeric literal");
      this.#digits();
    }
  }

  #digits(): void {
    while (isDigit(this.text[this.#at])) this.#at++;
  }

  #blanks(): void {
    while (isBlank(this.text.charCodeAt(this.#at))) this.#at++;
  }

  #take(char: string): boolean {
    if (this.text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #duplicate(): void {
    if (this.duplicates.length < MAX_DUPLICATES) this.duplicates.push(pathText(this.#path));
  }

  #refuse(where: string): never {
    const point = this.text.codePointAt(this.#at);
    if (point === undefined) throw new ScanError("unexpected end of JSON input");
    throw new ScanError(`invalid character ${quoted(String.fromCodePoint(point))} ${where}`);
  }
}

/** `spec.containers[0].name`, as upstream writes paths in strict errors. */
export function pathText(path: readonly (string | number)[]): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += text === "" ? step : `.${step}`;
  }
  return text;
}

/** A character in Go's single quotes. */
function quoted(char: string): string {
  if (char === "'") return "'\\''";
  if (char === '"') return `'"'`;
  return `'${JSON.stringify(char).slice(1, -1)}'`;
}
