const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  "μs": 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const TERM = /^(\d+\.?\d*|\.\d+)([^\d.]*)/;

/**
 * Milliseconds of a duration as Go writes it: `1h15m30.5s`, `-1.5h`, `0`. Throws an `Error` whose message is Go's. Pure.
 */
export function parseDuration(text: string): number {
  const wrong = () => new Error(`time: invalid duration ${JSON.stringify(text)}`);
  const sign = text.startsWith("-") ? -1 : 1;
  let rest = /^[+-]/.test(text) ? text.slice(1) : text;
  if (rest === "0") return 0;
  if (rest === "") throw wrong();
  let sum = 0;
  while (rest !== "") {
    const match = TERM.exec(rest);
    if (match === null) throw wrong();
    const [whole, number = "", unit = ""] = match;
    if (unit === "") throw new Error(`time: missing unit in duration ${JSON.stringify(text)}`);
    const factor = UNITS[unit];
    if (factor === undefined) {
      throw new Error(
        `time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`,
      );
    }
    sum += Number(number) * factor;
    rest = rest.slice(whole.length);
  }
  // What Go keeps in 64 bits of nanoseconds.
  if (sum > 9_223_372_036_854) throw wrong();
  return sign * sum;
}
