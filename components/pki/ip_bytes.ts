import ipaddr from "ipaddr.js";

/** The four or sixteen bytes of an address. Throws on text that is no address. */
export function addressBytes(text: string): number[] {
  return ipaddr.parse(text).toByteArray();
}

/** The usual text of an address's bytes, or undefined when there are neither four nor sixteen. */
export function addressText(bytes: Uint8Array): string | undefined {
  if (bytes.length !== 4 && bytes.length !== 16) return undefined;
  return ipaddr.fromByteArray([...bytes]).toString();
}

/** True when the text is an IPv4 or IPv6 address. */
export function isAddress(text: string): boolean {
  return ipaddr.isValid(text) && (text.includes(":") || ipaddr.IPv4.isValidFourPartDecimal(text));
}
