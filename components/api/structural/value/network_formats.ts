/** Addresses as Kubernetes reads them: an octet may have zeros before it. */
export function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 &&
    parts.every((part) => /^0*\d{1,3}$/.test(part) && Number(part) <= 255);
}

export function isIpv6(text: string): boolean {
  if (!text.includes(":") || text.length > 45) return false;
  const halves = text.split("::");
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [i, half] of halves.entries()) {
    if (half === "") continue;
    const parts = half.split(":");
    for (const [j, part] of parts.entries()) {
      const last = i === halves.length - 1 && j === parts.length - 1;
      if (last && part.includes(".")) {
        if (!isStrictIpv4(part)) return false;
        groups += 2;
      } else if (/^[0-9a-f]{1,4}$/i.test(part)) groups++;
      else return false;
    }
  }
  return halves.length === 2 ? groups < 8 : groups === 8;
}

function isStrictIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 &&
    parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

export function isCidr(text: string): boolean {
  const slash = text.indexOf("/");
  if (slash < 0) return false;
  const [address, bits] = [text.slice(0, slash), text.slice(slash + 1)];
  if (!/^\d{1,3}$/.test(bits)) return false;
  if (isIpv4(address)) return Number(bits) <= 32;
  return isIpv6(address) && Number(bits) <= 128;
}

/** 6, 8 or 20 bytes, by colons, dashes or dots. */
export function isMac(text: string): boolean {
  if (text.length > 59) return false;
  for (const [mark, digits] of [[":", 2], ["-", 2], [".", 4]] as const) {
    if (!text.includes(mark)) continue;
    const parts = text.split(mark);
    const bytes = parts.length * digits / 2;
    return (bytes === 6 || bytes === 8 || bytes === 20) &&
      parts.every((part) => part.length === digits && /^[0-9a-f]+$/i.test(part));
  }
  return false;
}
