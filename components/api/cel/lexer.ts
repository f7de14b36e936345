import { Source, type SourceError } from "./source.ts";

/** Kinds are what error messages call them: a symbol stands for itself. */
type TokenKind =
  | "NUM_INT"
  | "NUM_UINT"
  | "NUM_FLOAT"
  | "STRING"
  | "BYTES"
  | "IDENTIFIER"
  | "ESC_IDENTIFIER"
  | "<EOF>"
  | string;

export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
}

const SYMBOLS_OF_TWO = new Set(["==", "!=", "<=", ">=", "&&", "||"]);
const SYMBOLS_OF_ONE = "<>[]{}().,-!?:+*/%";
const KEYWORDS = new Set(["in", "true", "false", "null"]);
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BACKSLASH = 0x5c;

/** Cuts an expression into tokens, the last of kind `<EOF>`; what is no token is an error and left out. */
export function tokenize(source: Source): { tokens: Token[]; errors: SourceError[] } {
  const tokens: Token[] = [];
  const errors: SourceError[] = [];
  let at = 0;
  while (at < source.length) {
    const code = source.at(at);
    if (code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d || code === 0x0c) {
      at++;
      continue;
    }
    if (code === 0x2f && source.at(at + 1) === 0x2f) {
      while (at < source.length && source.at(at) !== 0x0a) at++;
      continue;
    }
    const token = next(source, at, code);
    if (typeof token === "number") {
      // The rest of an unfinished text, or one character that means nothing.
      const text = source.slice(at, token).replaceAll("\n", "\\n").replaceAll("\t", "\\t")
        .replaceAll("\r", "\\r");
      errors.push({ offset: at, message: `Syntax error: token recognition error at: '${text}'` });
      at = token;
      continue;
    }
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ kind: "<EOF>", start: source.length, end: source.length });
  return { tokens, errors };
}

/** The token at an offset, or where what is none ends. */
function next(source: Source, at: number, code: number): Token | number {
  if (isDigit(code) || (code === 0x2e && isDigit(source.at(at + 1)))) return number(source, at);
  const prefix = stringPrefix(source, at);
  if (prefix >= 0) {
    const bytes = code === 0x62 || code === 0x42;
    const raw = prefix > 0 && isR(source.at(at + prefix - 1));
    const end = endOfString(source, at + prefix, raw);
    if (end > 0) return { kind: bytes ? "BYTES" : "STRING", start: at, end };
    if (prefix === 0) return -end;
    // Without its text the prefix is an identifier.
  }
  if (isIdentifierStart(code)) {
    let end = at + 1;
    while (isIdentifierPart(source.at(end))) end++;
    const text = source.slice(at, end);
    return { kind: KEYWORDS.has(text) ? text : "IDENTIFIER", start: at, end };
  }
  if (code === 0x60) {
    let end = at + 1;
    while (isEscapedPart(source.at(end))) end++;
    if (source.at(end) === 0x60 && end > at + 1) {
      return { kind: "ESC_IDENTIFIER", start: at, end: end + 1 };
    }
    return at + 1;
  }
  const two = source.slice(at, at + 2);
  if (SYMBOLS_OF_TWO.has(two)) return { kind: two, start: at, end: at + 2 };
  const one = two.slice(0, 1);
  if (one !== "" && SYMBOLS_OF_ONE.includes(one)) return { kind: one, start: at, end: at + 1 };
  return at + (code === 0x26 || code === 0x7c || code === 0x3d ? Math.min(2, two.length) : 1);
}

function number(source: Source, start: number): Token {
  let at = start;
  if (source.at(at) === 0x30 && source.at(at + 1) === 0x78 && isHex(source.at(at + 2))) {
    at += 2;
    while (isHex(source.at(at))) at++;
    const unsigned = isU(source.at(at));
    return { kind: unsigned ? "NUM_UINT" : "NUM_INT", start, end: unsigned ? at + 1 : at };
  }
  while (isDigit(source.at(at))) at++;
  let float = false;
  if (source.at(at) === 0x2e && isDigit(source.at(at + 1))) {
    float = true;
    at++;
    while (isDigit(source.at(at))) at++;
  }
  if (source.at(at) === 0x65 || source.at(at) === 0x45) {
    const sign = source.at(at + 1);
    const digits = sign === 0x2b || sign === 0x2d ? at + 2 : at + 1;
    if (isDigit(source.at(digits))) {
      float = true;
      at = digits;
      while (isDigit(source.at(at))) at++;
    }
  }
  if (float) return { kind: "NUM_FLOAT", start, end: at };
  if (isU(source.at(at))) return { kind: "NUM_UINT", start, end: at + 1 };
  return { kind: "NUM_INT", start, end: at };
}

/** How many characters of `r` and `b` stand before a quote, -1 where no text begins here. */
function stringPrefix(source: Source, at: number): number {
  let length = 0;
  const first = source.at(at);
  if (first === 0x62 || first === 0x42) length++;
  if (isR(source.at(at + length))) length++;
  const quote = source.at(at + length);
  return quote === QUOTE || quote === APOSTROPHE ? length : -1;
}

/** The end of the text whose quote is at an offset; where it does not end, minus the end of what was read of it. */
function endOfString(source: Source, start: number, raw: boolean): number {
  const quote = source.at(start);
  const triple = source.at(start + 1) === quote && source.at(start + 2) === quote;
  let at = start + (triple ? 3 : 1);
  for (; at < source.length; at++) {
    const code = source.at(at);
    if (!triple && (code === 0x0a || code === 0x0d)) break;
    if (code === BACKSLASH && !raw) {
      const length = escapeLength(source, at);
      if (length === 0) return -(at + 2 > source.length ? source.length : at + 2);
      at += length - 1;
      continue;
    }
    if (code !== quote) continue;
    if (!triple) return at + 1;
    if (source.at(at + 1) === quote && source.at(at + 2) === quote) return at + 3;
  }
  // `"""` that does not close is the empty text and a quote too many.
  if (triple) return start + 2;
  return -Math.min(at + 1, source.length);
}

/** The length of an escape sequence with its backslash, 0 where it is none. */
function escapeLength(source: Source, at: number): number {
  const code = source.at(at + 1);
  const digits = (count: number, is: (code: number) => boolean): number => {
    for (let i = 0; i < count; i++) if (!is(source.at(at + 2 + i))) return 0;
    return 2 + count;
  };
  switch (String.fromCharCode(code)) {
    case "x":
    case "X":
      return digits(2, isHex);
    case "u":
      return digits(4, isHex);
    case "U":
      return digits(8, isHex);
    case "0":
    case "1":
    case "2":
    case "3":
      return digits(2, (digit) => digit >= 0x30 && digit <= 0x37);
    default:
      return "abfnrtv\"'\\?`".includes(String.fromCharCode(code)) ? 2 : 0;
  }
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
const isHex = (code: number): boolean =>
  isDigit(code) || (code >= 0x61 && code <= 0x66) || (code >= 0x41 && code <= 0x46);
const isR = (code: number): boolean => code === 0x72 || code === 0x52;
const isU = (code: number): boolean => code === 0x75 || code === 0x55;
const isIdentifierStart = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
const isIdentifierPart = (code: number): boolean => isIdentifierStart(code) || isDigit(code);
const isEscapedPart = (code: number): boolean =>
  isIdentifierPart(code) || code === 0x2e || code === 0x2d || code === 0x2f || code === 0x20;
