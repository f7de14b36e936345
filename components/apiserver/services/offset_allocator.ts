import { invariant, type Random, randomInteger } from "../../base/mod.ts";

/**
 * Hands out numbers below `size`, each to one owner. Those that are only asked for by name lie in a band at the
 * start: numbers that nobody asked for come from above it while there are any, so that the two seldom meet.
 */
export class OffsetAllocator {
  readonly #owners = new Map<number, string>();

  constructor(readonly size: number, readonly staticBand: number) {
    invariant(Number.isSafeInteger(size) && size > 0, "a range is not empty");
  }

  get used(): number {
    return this.#owners.size;
  }

  owner(offset: number): string | undefined {
    return this.#owners.get(offset);
  }

  /** False when anybody has it: a second write for the same owner must not take, and then give back, the first's. */
  take(offset: number, owner: string): boolean {
    if (this.#owners.has(offset)) return false;
    this.#owners.set(offset, owner);
    return true;
  }

  /** Makes it the owner's, whoever had it: what is stored counts. */
  assign(offset: number, owner: string): void {
    this.#owners.set(offset, owner);
  }

  /** A free number, or undefined when there is none left. */
  next(owner: string, random: Random): number | undefined {
    const offset = this.#free(this.staticBand, this.size, random) ??
      this.#free(0, this.staticBand, random);
    if (offset !== undefined) this.#owners.set(offset, owner);
    return offset;
  }

  /** Gives it back, when it is the owner's. */
  release(offset: number, owner: string): void {
    if (this.#owners.get(offset) === owner) this.#owners.delete(offset);
  }

  /** The first free one from a random place on, around the end. */
  #free(from: number, to: number, random: Random): number | undefined {
    const length = Math.min(to, this.size) - from;
    if (length <= 0 || this.#owners.size >= this.size) return undefined;
    const start = randomInteger(random, length);
    for (let i = 0; i < length; i++) {
      const offset = from + (start + i) % length;
      if (!this.#owners.has(offset)) return offset;
    }
    return undefined;
  }
}

/** How many of a range's first numbers are kept for who asks for them by name. */
export function staticBand(size: number, divisor: number, maximum: number): number {
  const minimum = 16;
  return size <= minimum ? 0 : Math.min(Math.max(minimum, Math.floor(size / divisor)), maximum);
}
