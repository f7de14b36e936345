import ipaddr from "ipaddr.js";

/** The one text of an address that may be written in several ways; other text stays what it is. */
export function canonicalAddress(text: string): string {
  return isAddress(text) ? ipaddr.parse(text).toString() : text;
}

/** True when the text is an IPv4 or IPv6 address. */
export function isAddress(text: string): boolean {
  return ipaddr.isValid(text) && (text.includes(":") || ipaddr.IPv4.isValidFourPartDecimal(text));
}
