/** An address of IPv4 or IPv6. */
export interface IpAddress {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** Reads an address as Go's netip does, without a zone; answers what is wrong with it otherwise. */
export function parseIpAddress(text: string): IpAddress | { readonly error: string } {
  for (const character of text) {
    if (character === ".") return parseIpv4(text, text);
    if (character === ":") return parseIpv6(text);
    if (character === "%") return wrong(text, "missing IPv6 address");
  }
  return wrong(text, "unable to parse IP");
}

const quote = (text: string): string => JSON.stringify(text);

function wrong(text: string, why: string, at = ""): { readonly error: string } {
  return { error: `ParseAddr(${quote(text)}): ${why}${at === "" ? "" : ` (at ${quote(at)})`}` };
}

function parseIpv4(text: string, whole: string): IpAddress | { readonly error: string } {
  let value = 0n;
  let fields = 0;
  let field = 0;
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x30 && code <= 0x39) {
      if (digits === 1 && field === 0) {
        return wrong(whole, "IPv4 field has octet with leading zero");
      }
      field = field * 10 + code - 0x30;
      digits++;
      if (field > 255) return wrong(whole, "IPv4 field has value >255");
    } else if (code === 0x2e) {
      if (i === 0 || i === text.length - 1 || text.charCodeAt(i - 1) === 0x2e) {
        return wrong(whole, "IPv4 field must have at least one digit", text.slice(i));
      }
      if (fields === 3) return wrong(whole, "IPv4 address too long");
      value = value << 8n | BigInt(field);
      fields++;
      field = 0;
      digits = 0;
    } else return wrong(whole, "unexpected character", text.slice(i));
  }
  if (fields < 3) return wrong(whole, "IPv4 address too short");
  return { bits: 32, value: value << 8n | BigInt(field) };
}

const GROUPS = 8;

function parseIpv6(text: string): IpAddress | { readonly error: string } {
  if (text.includes("%")) {
    return { error: `IP address ${quote(text)} with zone value is not allowed` };
  }
  const groups: number[] = [];
  /** Where `::` stands among the groups. */
  let gap = -1;
  let rest = text;
  if (rest.startsWith("::")) {
    gap = 0;
    rest = rest.slice(2);
    if (rest === "") return { bits: 128, value: 0n };
  }
  while (groups.length < GROUPS) {
    let length = 0;
    while (isHex(rest.charCodeAt(length))) {
      if (++length > 4) return wrong(text, "each group must have 4 or less digits", rest);
    }
    if (length === 0) {
      return wrong(text, "each colon-separated field must have at least one digit", rest);
    }
    if (rest[length] === ".") {
      if (gap < 0 && groups.length !== 6) {
        return wrong(
          text,
          "embedded IPv4 address must replace the final 2 fields of the address",
          rest,
        );
      }
      if (groups.length + 2 > GROUPS) {
        return wrong(
          text,
          "too many hex fields to fit an embedded IPv4 at the end of the address",
          rest,
        );
      }
      const embedded = parseIpv4(rest, text);
      if ("error" in embedded) return embedded;
      groups.push(Number(embedded.value >> 16n), Number(embedded.value & 0xffffn));
      rest = "";
      break;
    }
    groups.push(Number.parseInt(rest.slice(0, length), 16));
    rest = rest.slice(length);
    if (rest === "") break;
    if (rest[0] !== ":") return wrong(text, "unexpected character, want colon", rest);
    if (rest.length === 1) return wrong(text, "colon must be followed by more characters", rest);
    rest = rest.slice(1);
    if (rest[0] !== ":") continue;
    if (gap >= 0) return wrong(text, "multiple :: in address", rest);
    gap = groups.length;
    rest = rest.slice(1);
    if (rest === "") break;
  }
  if (rest !== "") return wrong(text, "trailing garbage after address", rest);
  if (groups.length < GROUPS) {
    if (gap < 0) return wrong(text, "address string too short");
    groups.splice(gap, 0, ...new Array<number>(GROUPS - groups.length).fill(0));
  } else if (gap >= 0) {
    return wrong(text, "the :: must expand to at least one field of zeros");
  }
  return { bits: 128, value: groups.reduce((value, group) => value << 16n | BigInt(group), 0n) };
}

const isHex = (code: number): boolean =>
  code >= 0x30 && code <= 0x39 || code >= 0x41 && code <= 0x46 || code >= 0x61 && code <= 0x66;

/** The one way to write it: lower case, the longest run of zeros as `::`. */
export function writeIpAddress({ bits, value }: IpAddress): string {
  if (bits === 32) {
    return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".");
  }
  if (isMapped({ bits, value })) {
    return `::ffff:${writeIpAddress({ bits: 32, value: value & 0xffffffffn })}`;
  }
  const groups = Array.from(
    { length: GROUPS },
    (_, i) => Number((value >> BigInt(16 * (GROUPS - 1 - i))) & 0xffffn),
  );
  let start = -1;
  let length = 1;
  for (let i = 0; i < GROUPS; i++) {
    let end = i;
    while (groups[end] === 0) end++;
    if (end - i > length) [start, length] = [i, end - i];
    i = Math.max(i, end);
  }
  const hex = groups.map((group) => group.toString(16));
  if (start < 0) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

/** An IPv4 address written as one of IPv6. */
export const isMapped = ({ bits, value }: IpAddress): boolean =>
  bits === 128 && value >> 32n === 0xffffn;
