export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_LIST = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_LIST = 0x5d;
export const OPEN = 0x7b;
export const CLOSE = 0x7d;
const BLANK = 0x20;
/** Brackets and braces differ in this bit. */
const BRACE_BIT = 0x20;

/** A place in the bytes of JSON. Throws SyntaxError where these are none, and never reads on behind their end. */
export class JsonCursor {
  protected json: Uint8Array = new Uint8Array();
  protected at = 0;

  /** The byte that is next after blanks. */
  protected peek(): number {
    const byte = this.json[this.at];
    if (byte !== undefined && byte > BLANK) return byte;
    while ((this.json[this.at] ?? this.fail()) <= BLANK) this.at++;
    return this.json[this.at] as number;
  }

  /** Passes over the value that is next. */
  protected skip(): void {
    const first = this.peek();
    if (first === QUOTE) {
      this.at++;
      this.pastText();
    } else if (first === OPEN || first === OPEN_LIST) this.#skipNested();
    else this.#skipPlain();
  }

  /** Passes over the rest of a text and its last quote; true where signs of it are written in another way. */
  protected pastText(): boolean {
    const { json } = this;
    const { length } = json;
    let escaped = false;
    for (let at = this.at; at < length; at++) {
      const byte = json[at] as number;
      if (byte === QUOTE) {
        this.at = at + 1;
        return escaped;
      }
      if (byte === BACKSLASH) {
        escaped = true;
        at++;
      }
    }
    return this.fail();
  }

  protected fail(): never {
    throw new SyntaxError(`no JSON at byte ${this.at}`);
  }

  #skipNested(): void {
    const { json } = this;
    const { length } = json;
    let depth = 0;
    for (let at = this.at; at < length;) {
      const byte = json[at++] as number;
      if (byte === QUOTE) {
        while (at < length) {
          const inner = json[at++] as number;
          if (inner === QUOTE) break;
          if (inner === BACKSLASH) at++;
        }
      } else if ((byte | BRACE_BIT) === OPEN) depth++;
      else if ((byte | BRACE_BIT) === CLOSE && --depth === 0) {
        this.at = at;
        return;
      }
    }
    this.fail();
  }

  /** A number, `true`, `false` or `null`. */
  #skipPlain(): void {
    const { json } = this;
    let at = this.at;
    for (; at < json.length; at++) {
      const byte = json[at] as number;
      if (byte === COMMA || (byte | BRACE_BIT) === CLOSE || byte <= BLANK) break;
    }
    if (at === this.at) this.fail();
    this.at = at;
  }
}
