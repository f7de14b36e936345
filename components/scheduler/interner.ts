/** Strings as small numbers, the same number for the same string for as long as the scheduler lives. */
export class Interner {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];

  /** Interned numbers start at 1: 0 means "any" where the core has such a meaning. */
  of(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#texts.length + 1;
    this.#numbers.set(text, number);
    this.#texts.push(text);
    return number;
  }

  text(number: number): string {
    return this.#texts[number - 1] ?? "";
  }

  get size(): number {
    return this.#texts.length;
  }
}
