const LARGEST = 2n ** 63n - 1n;

/** Text as the 64-bit whole number that `Gt` and `Lt` compare; undefined where it is none. */
export function wholeNumber(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[+-]?\d{1,19}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value > LARGEST || value < -LARGEST - 1n ? undefined : value;
}
