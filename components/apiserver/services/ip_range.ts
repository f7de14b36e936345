import ipaddr from "ipaddr.js";

export type IpFamily = "IPv4" | "IPv6";

/** The addresses of one CIDR that services may have: all but the first and, for IPv4, the last. */
export interface IpRange {
  readonly cidr: string;
  readonly family: IpFamily;
  /** The address before the first usable one, as a number. */
  readonly base: bigint;
  /** How many addresses are usable. */
  readonly size: number;
}

/** No service range needs more addresses than this; of a larger CIDR only so many are used. */
const SIZE_MAXIMUM = 2 ** 32;

/** Reads `10.0.0.0/24`. Throws on text that is no CIDR. */
export function parseRange(cidr: string): IpRange {
  const [address, bits] = ipaddr.parseCIDR(cidr);
  const family = address.kind() === "ipv6" ? "IPv6" : "IPv4";
  const hostBits = BigInt((family === "IPv6" ? 128 : 32) - bits);
  const base = (numberOf(address.toByteArray()) >> hostBits) << hostBits;
  const unused = family === "IPv6" ? 1n : 2n;
  const usable = (1n << hostBits) - unused;
  return { cidr, family, base, size: Number(usable > SIZE_MAXIMUM ? SIZE_MAXIMUM : usable) };
}

/** The address at an offset, 0 being the first usable one. */
export function addressAt({ base, family }: IpRange, offset: number): string {
  let rest = base + 1n + BigInt(offset);
  const bytes = new Array<number>(family === "IPv6" ? 16 : 4);
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  const address = ipaddr.fromByteArray(bytes);
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}

/** The offset of an address, or undefined when it is outside (or no address at all). */
export function offsetOf(range: IpRange, address: string): number | undefined {
  if (familyOf(address) !== range.family) return undefined;
  const offset = numberOf(ipaddr.parse(address).toByteArray()) - range.base - 1n;
  return offset >= 0n && offset < BigInt(range.size) ? Number(offset) : undefined;
}

/** The family of an address, or undefined for text that is none. */
export function familyOf(address: string): IpFamily | undefined {
  if (address.includes(":")) return ipaddr.IPv6.isValid(address) ? "IPv6" : undefined;
  return ipaddr.IPv4.isValidFourPartDecimal(address) ? "IPv4" : undefined;
}

const numberOf = (bytes: readonly number[]): bigint =>
  bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
