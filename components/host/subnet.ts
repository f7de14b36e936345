/** An IPv4 range, `first` and `last` included, as 32-bit numbers. */
export interface Subnet {
  readonly first: number;
  readonly last: number;
  readonly bits: number;
}

/** Reads `10.1.0.0/16` or a plain address. Undefined for anything else, IPv6 too. Pure. */
export function parseSubnet(text: string): Subnet | undefined {
  const [address = "", length = "32", ...rest] = text.split("/");
  const bits = Number(length);
  const value = parseAddress(address);
  if (rest.length > 0 || value === undefined || !Number.isInteger(bits) || bits < 0 || bits > 32) {
    return undefined;
  }
  const size = 2 ** (32 - bits);
  const first = Math.floor(value / size) * size;
  return { first, last: first + size - 1, bits };
}

export function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

export function formatSubnet(subnet: Subnet): string {
  return `${formatAddress(subnet.first)}/${subnet.bits}`;
}

export function overlap(a: Subnet, b: Subnet): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** Private ranges for the nodes of one machine, those that other software seldom takes first. */
const CANDIDATES = [
  ...Array.from({ length: 16 }, (_, i) => `10.213.${i}.0/24`),
  ...Array.from({ length: 16 }, (_, i) => `172.29.${i}.0/24`),
  ...Array.from({ length: 16 }, (_, i) => `192.168.${208 + i}.0/24`),
];

/** The first candidate that touches none of the ranges in use; undefined when each does. Pure. */
export function freeSubnet(used: readonly string[]): Subnet | undefined {
  const taken = used.map(parseSubnet).filter((subnet) => subnet !== undefined)
    .filter((subnet) => subnet.bits > 0);
  for (const candidate of CANDIDATES) {
    const subnet = parseSubnet(candidate);
    if (subnet !== undefined && !taken.some((other) => overlap(subnet, other))) return subnet;
  }
  return undefined;
}

function parseAddress(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    const byte = Number(part);
    if (part === "" || !Number.isInteger(byte) || byte < 0 || byte > 255) return undefined;
    value = value * 256 + byte;
  }
  return value;
}
