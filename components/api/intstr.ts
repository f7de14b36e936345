/** A value that is a number or a text: a port by number or name, an amount or a percentage. */
export type IntOrString = number | string;

/** The number of a percentage, `25%` to 25; undefined for anything else. */
export function percentOf(value: IntOrString): number | undefined {
  if (typeof value !== "string" || !/^[0-9]{1,9}%$/.test(value)) return undefined;
  return Number(value.slice(0, -1));
}

/** An amount or a share of `total`; undefined for a text that is no percentage. */
export function scaledValue(
  value: IntOrString,
  total: number,
  round: "up" | "down",
): number | undefined {
  if (typeof value === "number") return value;
  const percent = percentOf(value);
  if (percent === undefined) return undefined;
  const exact = percent * total / 100;
  return round === "up" ? Math.ceil(exact) : Math.floor(exact);
}
