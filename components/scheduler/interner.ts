import { invariant } from "../base/mod.ts";

/** Strings that the core can have. */
const STRINGS_MAXIMUM = (1 << 26) - 1;
/** Strings that are kept before it is worth looking for those that nobody needs any more. */
const SWEEP_MINIMUM = 1 << 18;

/**
 * Strings as small numbers. A number stays its string's while something in the core has it, and for one generation
 * longer; then it may become another's. Generations end with `sweep`.
 */
export class Interner {
  readonly #numbers = new Map<string, number>();
  readonly #texts: (string | undefined)[] = [];
  /** By number: the generation in which it was asked for last. */
  #touched = new Uint32Array(1024);
  readonly #free: number[] = [];
  readonly #minimum: number;
  #limit: number;
  #generation = 0;

  /** `limit`: strings after which a sweep is due; it grows with what is needed. */
  constructor(limit = SWEEP_MINIMUM) {
    this.#minimum = limit;
    this.#limit = limit;
  }

  /** Numbers start at 1: 0 means "any" where the core has such a meaning. */
  of(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) {
      this.#touched[known] = this.#generation;
      return known;
    }
    invariant(this.#numbers.size < STRINGS_MAXIMUM, "scheduler core: too many strings");
    const number = this.#free.pop() ?? this.#texts.push(undefined);
    this.#numbers.set(text, number);
    this.#texts[number - 1] = text;
    if (number >= this.#touched.length) {
      const larger = new Uint32Array(this.#touched.length * 2);
      larger.set(this.#touched);
      this.#touched = larger;
    }
    this.#touched[number] = this.#generation;
    return number;
  }

  text(number: number): string {
    return this.#texts[number - 1] ?? "";
  }

  /** Strings that are kept. */
  get size(): number {
    return this.#numbers.size;
  }

  /** More than any number that a string has. */
  get bound(): number {
    return this.#texts.length + 1;
  }

  get generation(): number {
    return this.#generation;
  }

  get sweepIsDue(): boolean {
    return this.#numbers.size > this.#limit;
  }

  /** Forgets strings that are not among the given numbers and were not asked for in this generation; begins the next. */
  sweep(needed: Iterable<number>): void {
    const kept = new Uint8Array(this.#texts.length + 1);
    let count = 0;
    for (const number of needed) {
      kept[number] = 1;
      count++;
    }
    for (let number = 1; number <= this.#texts.length; number++) {
      const text = this.#texts[number - 1];
      if (text === undefined || kept[number] === 1) continue;
      if (this.#touched[number] === this.#generation) continue;
      this.#numbers.delete(text);
      this.#texts[number - 1] = undefined;
      this.#free.push(number);
    }
    this.#generation++;
    this.#limit = Math.max(this.#minimum, 2 * count);
  }
}
