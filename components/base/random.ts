/** Kubernetes' alphabet for generated names: no vowels, nothing that reads as another letter. */
const SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/** Randomness as an argument. */
export interface Random {
  /** A number from 0 up to, not including, 1. */
  next(): number;
  /** A version 4 UUID. */
  uuid(): string;
}

/** The machine's randomness; UUIDs are cryptographically random. */
export const systemRandom: Random = {
  next: () => Math.random(),
  uuid: () => crypto.randomUUID(),
};

/** A repeatable stream from a 32-bit seed (mulberry32): for tests and the simulation only. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const hex = (digits: number) =>
    Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join("");
  return {
    next,
    uuid: () =>
      `${hex(8)}-${hex(4)}-4${hex(3)}-${"89ab"[Math.floor(next() * 4)]}${hex(3)}-${hex(12)}`,
  };
}

/** A whole number from 0 up to, not including, `bound`. */
export function randomInteger(random: Random, bound: number): number {
  return Math.floor(random.next() * bound);
}

/** `length` characters as Kubernetes appends to `generateName`. */
export function nameSuffix(random: Random, length = 5): string {
  let suffix = "";
  for (let i = 0; i < length; i++) {
    suffix += SUFFIX_ALPHABET[randomInteger(random, SUFFIX_ALPHABET.length)];
  }
  return suffix;
}
