import { fixed, plus, scale, UNKNOWN } from "../range.ts";
import { TRAVERSAL } from "../cost_unit.ts";
import { type IpAddress, isMapped, parseIpAddress, writeIpAddress } from "../ip_address.ts";
import { functions, methods, type Overload } from "../overload.ts";
import { traversal } from "../string_cost.ts";
import { BOOL, INT, opaque, STRING } from "../type.ts";
import { CelFailure, CelOpaque, type CelValue, costSize, NO_OVERLOAD } from "../value.ts";

export const IP = opaque("net.IP");
export const CIDR = opaque("net.CIDR");

class IpValue extends CelOpaque {
  override readonly typeName = IP.name;

  constructor(readonly address: IpAddress) {
    super();
  }

  override equals(other: CelOpaque): boolean {
    return other instanceof IpValue && sameAddress(this.address, other.address);
  }

  override size(): number {
    return this.address.bits / 8;
  }

  override toJson(): string {
    return writeIpAddress(this.address);
  }
}

class CidrValue extends CelOpaque {
  override readonly typeName = CIDR.name;

  constructor(readonly address: IpAddress, readonly prefix: number) {
    super();
  }

  override equals(other: CelOpaque): boolean {
    return other instanceof CidrValue && this.prefix === other.prefix &&
      sameAddress(this.address, other.address);
  }

  override size(): number {
    return Math.ceil(this.prefix / 8);
  }

  override toJson(): string {
    return `${writeIpAddress(this.address)}/${this.prefix}`;
  }
}

const sameAddress = (a: IpAddress, b: IpAddress): boolean =>
  a.bits === b.bits && a.value === b.value;

function readIp(text: string): IpAddress | CelFailure {
  const address = parseIpAddress(text);
  if ("error" in address) {
    const told = address.error.startsWith("ParseAddr");
    return new CelFailure(
      told
        ? `IP Address ${
          JSON.stringify(text)
        } parse error during conversion from string: ${address.error}`
        : address.error,
    );
  }
  return isMapped(address) ? mapped(text) : address;
}

const mapped = (text: string): CelFailure =>
  new CelFailure(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);

function ip(text: string): IpValue | CelFailure {
  const address = readIp(text);
  return address instanceof CelFailure ? address : new IpValue(address);
}

const CONVERSION = "network address parse error during conversion from string";

function cidr(text: string): CidrValue | CelFailure {
  const slash = text.lastIndexOf("/");
  const wrong = (why: string): CelFailure =>
    new CelFailure(
      `${CONVERSION}: ${CONVERSION}: netip.ParsePrefix(${JSON.stringify(text)}): ${why}`,
    );
  if (slash < 0) return wrong("no '/'");
  const address = parseIpAddress(text.slice(0, slash));
  if ("error" in address) {
    return wrong(
      address.error.startsWith("ParseAddr")
        ? address.error
        : "IPv6 zones cannot be present in a prefix",
    );
  }
  const digits = text.slice(slash + 1);
  if (digits.length > 1 && !/^[1-9]/.test(digits) || !/^\d{1,3}$/.test(digits)) {
    return wrong(`bad bits after slash: ${JSON.stringify(digits)}`);
  }
  const prefix = Number(digits);
  if (prefix > address.bits) return wrong("prefix length out of range");
  if (isMapped(address)) {
    return new CelFailure(`${CONVERSION}: ${mapped(text).message}`);
  }
  return new CidrValue(address, prefix);
}

/** Whether an address lies in a network. */
function within({ address, prefix }: CidrValue, other: IpAddress): boolean {
  const shift = BigInt(address.bits - prefix);
  return address.bits === other.bits && address.value >> shift === other.value >> shift;
}

function containsCidr(outer: CidrValue, inner: CidrValue): boolean {
  return outer.prefix <= inner.prefix && within(outer, inner.address);
}

function masked({ address, prefix }: CidrValue): CidrValue {
  const shift = BigInt(address.bits - prefix);
  return new CidrValue({ ...address, value: address.value >> shift << shift }, prefix);
}

/** The first bits of an address as a number. */
const head = ({ bits, value }: IpAddress, count: number): bigint => value >> BigInt(bits - count);
const isV4 = ({ bits }: IpAddress): boolean => bits === 32;

const isUnspecified = (address: IpAddress): boolean => address.value === 0n;
const isLoopback = (address: IpAddress): boolean =>
  isV4(address) ? head(address, 8) === 127n : address.value === 1n;
const isMulticast = (address: IpAddress): boolean =>
  isV4(address) ? head(address, 4) === 0xen : head(address, 8) === 0xffn;
const isLinkLocalMulticast = (address: IpAddress): boolean =>
  isV4(address) ? head(address, 24) === 0xe00000n : (head(address, 16) & 0xff0fn) === 0xff02n;
const isLinkLocalUnicast = (address: IpAddress): boolean =>
  isV4(address) ? head(address, 16) === 0xa9fen : head(address, 10) === 0x3fan;
const isGlobalUnicast = (address: IpAddress): boolean =>
  !isUnspecified(address) && !isLoopback(address) && !isMulticast(address) &&
  !isLinkLocalUnicast(address) && !(isV4(address) && address.value === 0xffffffffn);

const walk = traversal();
const addresses: Readonly<Record<string, readonly [string, (address: IpAddress) => boolean]>> = {
  isUnspecified: ["ip_is_unspecified", isUnspecified],
  isLoopback: ["ip_is_loopback", isLoopback],
  isLinkLocalMulticast: ["ip_is_link_local_multicast", isLinkLocalMulticast],
  isLinkLocalUnicast: ["ip_is_link_local_unicast", isLinkLocalUnicast],
  isGlobalUnicast: ["ip_is_global_unicast", isGlobalUnicast],
};
const is = (value: CelValue): boolean => !(value instanceof CelFailure);

/** Two addresses are compared up to the prefix; a text is read first. */
function containsCosts(cidrs: boolean, text: boolean): Pick<Overload, "cost" | "estimate"> {
  const sizes = { min: 4, max: 16 };
  return {
    cost: ([network, other]) => {
      const bytes = costSize(network ?? null);
      let cost = Math.ceil(2 * bytes * TRAVERSAL);
      if (cidrs) cost += Math.ceil(bytes * TRAVERSAL) + 1;
      return text ? cost + Math.ceil(costSize(other ?? null) * TRAVERSAL) : cost;
    },
    estimate: ([, other]) => {
      let cost = scale(plus(sizes, sizes), TRAVERSAL);
      if (cidrs) cost = plus(plus(cost, scale(sizes, TRAVERSAL)), fixed(1));
      if (text) cost = plus(cost, scale(other?.size ?? UNKNOWN, TRAVERSAL));
      return { cost };
    },
  };
}

/** Addresses. */
export const ips: readonly Overload[] = [
  ...functions("ip", [["string_to_ip", [STRING], IP, ip]], walk),
  ...functions("isIP", [["is_ip", [STRING], BOOL, (text: string) => is(ip(text))]], walk),
  ...functions("ip.isCanonical", [["ip_is_canonical", [STRING], BOOL, (text: string) => {
    const address = readIp(text);
    return address instanceof CelFailure ? address : writeIpAddress(address) === text;
  }]], traversal(2)),
  ...methods("family", [[
    "ip_family",
    [IP],
    INT,
    ({ address }: IpValue) => isV4(address) ? 4n : 6n,
  ]]),
  ...Object.entries(addresses).flatMap(([name, [id, test]]) =>
    methods(name, [[id, [IP], BOOL, ({ address }: IpValue) => test(address)]])
  ),
  ...functions("string", [["ip_to_string", [IP], STRING, (value: IpValue) => value.toJson()]]),
];

/** Networks. */
export const cidrs: readonly Overload[] = [
  ...functions("cidr", [["string_to_cidr", [STRING], CIDR, cidr]], walk),
  ...functions("isCIDR", [["is_cidr", [STRING], BOOL, (text: string) => is(cidr(text))]], walk),
  ...methods("containsIP", [
    ["cidr_contains_ip_string", [CIDR, STRING], BOOL, (network: CidrValue, text: string) => {
      const address = readIp(text);
      return address instanceof CelFailure ? NO_OVERLOAD : within(network, address);
    }],
  ], containsCosts(false, true)),
  ...methods("containsIP", [
    [
      "cidr_contains_ip_ip",
      [CIDR, IP],
      BOOL,
      (network: CidrValue, { address }: IpValue) => within(network, address),
    ],
  ], containsCosts(false, false)),
  ...methods("containsCIDR", [
    ["cidr_contains_cidr_string", [CIDR, STRING], BOOL, (network: CidrValue, text: string) => {
      const inner = cidr(text);
      return inner instanceof CelFailure ? inner : containsCidr(network, inner);
    }],
  ], containsCosts(true, true)),
  ...methods("containsCIDR", [
    ["cidr_contains_cidr", [CIDR, CIDR], BOOL, containsCidr],
  ], containsCosts(true, false)),
  ...methods("ip", [["cidr_ip", [CIDR], IP, ({ address }: CidrValue) => new IpValue(address)]]),
  ...methods("prefixLength", [
    ["cidr_prefix_length", [CIDR], INT, ({ prefix }: CidrValue) => BigInt(prefix)],
  ]),
  ...methods("masked", [["cidr_masked", [CIDR], CIDR, masked]]),
  ...functions("string", [[
    "cidr_to_string",
    [CIDR],
    STRING,
    (value: CidrValue) => value.toJson(),
  ]]),
];
