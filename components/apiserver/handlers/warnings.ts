/** Together the warnings of one answer stay within this; past it each is cut. */
const TOTAL_MAXIMUM_BYTES = 4096;
const CUT_CHARACTERS = 256;

/** Collects texts for `Warning` headers: each once, in order. */
export class Warnings {
  readonly #texts = new Set<string>();

  add(text: string): void {
    this.#texts.add(text);
  }

  /** Puts the headers on an answer. */
  write(headers: Headers): void {
    if (this.#texts.size === 0) return;
    let total = 0;
    for (const text of this.#texts) total += text.length;
    for (const text of this.#texts) {
      const shown = total > TOTAL_MAXIMUM_BYTES ? text.slice(0, CUT_CHARACTERS) : text;
      headers.append("Warning", `299 - ${JSON.stringify(clean(shown))}`);
    }
  }
}

/** Header values are one line of what prints. */
function clean(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what is taken out
  return text.replaceAll(/[\x00-\x1f\x7f]/g, " ").replaceAll(/[^\x20-\x7e]/g, "?");
}
