/** Errors past this many are only counted. */
const ERRORS_REPORTED = 100;
/** A line longer than this is not printed below its error. */
const SNIPPET_LENGTH = 16_384;

/** What is wrong with an expression, and where: an offset in code points, -1 where there is no place. */
export interface SourceError {
  readonly offset: number;
  readonly message: string;
}

/** The text of an expression. Offsets count code points, as upstream's columns do. */
export class Source {
  readonly text: string;
  readonly codes: readonly number[] | undefined;
  readonly length: number;
  #lines: number[] | undefined;

  constructor(text: string) {
    this.text = text;
    // Most expressions are all ASCII: then code points and code units are one.
    // deno-lint-ignore no-control-regex
    if (!/^[\x00-\x7f]*$/.test(text)) {
      this.codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
    }
    this.length = this.codes?.length ?? text.length;
  }

  /** The code point at an offset, -1 past the end. */
  at(offset: number): number {
    if (this.codes !== undefined) return this.codes[offset] ?? -1;
    return offset < this.text.length ? this.text.charCodeAt(offset) : -1;
  }

  slice(start: number, end: number): string {
    if (this.codes === undefined) return this.text.slice(start, end);
    let text = "";
    for (let i = start; i < end; i++) text += String.fromCodePoint(this.codes[i] ?? 0xfffd);
    return text;
  }

  /** All errors in upstream's format, in the order of their places. */
  format(errors: readonly SourceError[]): string[] {
    const texts = errors.slice(0, ERRORS_REPORTED).sort((a, b) => a.offset - b.offset)
      .map((error) => this.#format(error));
    const more = errors.length - ERRORS_REPORTED;
    if (more > 0) texts.push(`${more} more errors were truncated`);
    return texts;
  }

  #format({ offset, message }: SourceError): string {
    if (offset < 0) return `ERROR: <input>:-1:0: ${message}`;
    const lines = this.#lineStarts();
    let line = 0;
    while (line + 1 < lines.length && (lines[line + 1] as number) <= offset) line++;
    const start = lines[line] as number;
    const end = line + 1 < lines.length ? (lines[line + 1] as number) - 1 : this.length;
    const column = offset - start;
    const head = `ERROR: <input>:${line + 1}:${column + 1}: ${message}`;
    const snippet = this.slice(start, end).replaceAll("\t", " ");
    if (snippet.length > SNIPPET_LENGTH) return head;
    let mark = "";
    for (let i = start; i < offset && i < end; i++) mark += this.at(i) > 0x7f ? "\uff0e" : ".";
    mark += offset < end && this.at(offset) > 0x7f ? "\uff3e" : "^";
    return `${head}\n | ${snippet}\n | ${mark}`;
  }

  #lineStarts(): readonly number[] {
    if (this.#lines !== undefined) return this.#lines;
    const lines = [0];
    for (let i = 0; i < this.length; i++) if (this.at(i) === 0x0a) lines.push(i + 1);
    return this.#lines = lines;
  }
}
