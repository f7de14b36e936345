import ipaddr from "ipaddr.js";
import { invariant } from "../../base/mod.ts";

/** Ranges a pool may be cut into at most, as upstream bounds it. */
const BITS_MAXIMUM = 16;

interface Range {
  readonly bits: 32 | 128;
  readonly first: bigint;
  readonly prefix: number;
}

/** Reads `address/prefix`; undefined for anything else. Host bits are dropped. */
export function parseRange(text: string): Range | undefined {
  if (!ipaddr.isValidCIDR(text)) return undefined;
  const [address, prefix] = ipaddr.parseCIDR(text);
  const bits = address.kind() === "ipv4" ? 32 : 128;
  let value = 0n;
  for (const byte of address.toByteArray()) value = (value << 8n) | BigInt(byte);
  const host = BigInt(bits - prefix);
  return { bits, first: (value >> host) << host, prefix };
}

const size = ({ bits, prefix }: Range): bigint => 1n << BigInt(bits - prefix);

function overlaps(a: Range, b: Range): boolean {
  return a.bits === b.bits && a.first < b.first + size(b) && b.first < a.first + size(a);
}

function rangeText({ bits, first, prefix }: Range): string {
  const bytes: number[] = [];
  for (let shift = bits - 8; shift >= 0; shift -= 8) {
    bytes.push(Number((first >> BigInt(shift)) & 255n));
  }
  return `${ipaddr.fromByteArray(bytes).toString()}/${prefix}`;
}

/** Cuts one range into equal parts and hands them out, each to one holder. */
export class CidrPool {
  readonly #range: Range;
  readonly #prefix: number;
  readonly #count: number;
  readonly #taken = new Set<number>();
  readonly #reserved: readonly Range[];
  #next = 0;

  /** `/24` parts of an IPv4 range and `/64` parts of an IPv6 one, but what overlaps `reserved`. */
  constructor(cidr: string, reserved: readonly string[] = []) {
    const range = parseRange(cidr);
    invariant(range !== undefined, `not an address range: ${cidr}`);
    this.#range = range;
    this.#prefix = Math.max(range.bits === 32 ? 24 : 64, range.prefix);
    this.#count = 2 ** Math.min(this.#prefix - range.prefix, BITS_MAXIMUM);
    this.#reserved = reserved.map(parseRange).filter((one) => one !== undefined);
  }

  /** The next free part, or undefined when all are taken. Freed parts come round last. */
  allocate(): string | undefined {
    for (let tried = 0; tried < this.#count; tried++) {
      const index = (this.#next + tried) % this.#count;
      if (this.#taken.has(index)) continue;
      const part = this.#part(index);
      if (this.#reserved.some((range) => overlaps(range, part))) continue;
      this.#taken.add(index);
      this.#next = (index + 1) % this.#count;
      return rangeText(part);
    }
    return undefined;
  }

  /** Marks what a node holds already; a range of another pool is let be. */
  occupy(cidr: string): void {
    for (const index of this.#indexes(cidr)) this.#taken.add(index);
  }

  release(cidr: string): void {
    for (const index of this.#indexes(cidr)) this.#taken.delete(index);
  }

  #part(index: number): Range {
    const { bits, first } = this.#range;
    const step = 1n << BigInt(bits - this.#prefix);
    return { bits, first: first + BigInt(index) * step, prefix: this.#prefix };
  }

  *#indexes(cidr: string): Iterable<number> {
    const range = parseRange(cidr);
    if (range === undefined || !overlaps(range, this.#range)) return;
    const step = 1n << BigInt(range.bits - this.#prefix);
    const from = Number((range.first - this.#range.first) / step);
    const last = Number((range.first + size(range) - 1n - this.#range.first) / step);
    for (let i = Math.max(0, from); i <= Math.min(last, this.#count - 1); i++) yield i;
  }
}
