/** Reads the texts and bytes of literals. */

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "`": "`",
  "?": "?",
};

const UNABLE = "unable to unescape string";
const NO_CODE_POINT = "invalid unicode code point";

/** The text of a literal with its prefix and quotes. */
export function textOfLiteral(literal: string): { text: string } | { error: string } {
  const { body, raw } = bodyOf(literal);
  if (raw || !body.includes("\\")) return { text: body };
  let text = "";
  for (let at = 0; at < body.length;) {
    const next = body.indexOf("\\", at);
    if (next < 0) return { text: text + body.slice(at) };
    text += body.slice(at, next);
    const escape = readEscape(body, next);
    if (escape === undefined) return { error: UNABLE };
    if (escape.character !== undefined) text += escape.character;
    else {
      const code = escape.code;
      if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return { error: NO_CODE_POINT };
      text += String.fromCodePoint(code);
    }
    at = escape.end;
  }
  return { text };
}

/** The bytes of a literal that begins with `b`: characters are UTF-8, `\x` and octals are bytes. */
export function bytesOfLiteral(literal: string): { bytes: Uint8Array } | { error: string } {
  const { body, raw } = bodyOf(literal.slice(1));
  const encoder = new TextEncoder();
  if (raw || !body.includes("\\")) return { bytes: encoder.encode(body) };
  const bytes: number[] = [];
  for (let at = 0; at < body.length;) {
    if (body[at] !== "\\") {
      const character = String.fromCodePoint(body.codePointAt(at) ?? 0);
      bytes.push(...encoder.encode(character));
      at += character.length;
      continue;
    }
    const escape = readEscape(body, at);
    if (escape === undefined || escape.wide) return { error: UNABLE };
    if (escape.character !== undefined) bytes.push(escape.character.charCodeAt(0));
    else bytes.push(escape.code & 0xff);
    at = escape.end;
  }
  return { bytes: Uint8Array.from(bytes) };
}

function bodyOf(literal: string): { body: string; raw: boolean } {
  let text = literal.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
  const raw = text[0] === "r" || text[0] === "R";
  if (raw) text = text.slice(1);
  const triple = text.length >= 6 && (text.startsWith("'''") || text.startsWith('"""'));
  const cut = triple ? 3 : 1;
  return { body: text.slice(cut, -cut), raw };
}

interface Escape {
  readonly end: number;
  readonly character?: string;
  readonly code: number;
  /** Written `\u` or `\U`. */
  readonly wide: boolean;
}

function readEscape(body: string, at: number): Escape | undefined {
  const letter = body[at + 1] ?? "";
  const character = ESCAPES[letter];
  if (character !== undefined) return { end: at + 2, character, code: 0, wide: false };
  if (letter >= "0" && letter <= "3") {
    const code = Number.parseInt(body.slice(at + 1, at + 4), 8);
    return { end: at + 4, code, wide: false };
  }
  const digits = letter === "x" || letter === "X" ? 2 : letter === "u" ? 4 : letter === "U" ? 8 : 0;
  if (digits === 0) return undefined;
  const code = Number.parseInt(body.slice(at + 2, at + 2 + digits), 16);
  return { end: at + 2 + digits, code, wide: digits > 2 };
}
