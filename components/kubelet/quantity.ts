const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The value of a quantity as a plain number; 0 for what is absent or not a quantity. */
export function quantityValue(text: string | undefined): number {
  if (text === undefined) return 0;
  let end = text.length;
  while (end > 0 && isLetter(text.charCodeAt(end - 1))) end--;
  const factor = SUFFIXES[text.slice(end)];
  // `1e3` and `5E-1` end in a digit: the number's own reading takes them.
  const value = Number(text.slice(0, end)) * (factor ?? NaN);
  return Number.isFinite(value) ? value : 0;
}

/** Thousandths, rounded up: `100m` is 100, `2` is 2000. */
export function milliValue(text: string | undefined): number {
  return Math.ceil(quantityValue(text) * 1000 - 1e-9);
}

function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}
