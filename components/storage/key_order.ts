/** Code units from here on sort differently in UTF-16 (JavaScript's order) than in UTF-8 (the store's). */
const HIGH_UNITS = /[\ud800-\uffff]/;

/** How two keys compare: negative, 0 or positive. */
export type KeyOrder = (left: string, right: string) => number;

/** Whether `key` needs `utf8Order`; keys without such characters sort alike in both orders. */
export function needsUtf8Order(key: string): boolean {
  return HIGH_UNITS.test(key);
}

/** The order of UTF-16 code units: fast, and that of UTF-8 as long as no key needs `utf8Order`. */
export const plainOrder: KeyOrder = (left, right) => left < right ? -1 : left > right ? 1 : 0;

/** The order of the keys' UTF-8 bytes, which is that of their code points. */
export const utf8Order: KeyOrder = (left, right) => {
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const a = left.charCodeAt(i);
    const b = right.charCodeAt(i);
    if (a !== b) return rank(a) - rank(b);
  }
  return left.length - right.length;
};

/** Surrogates stand for code points above U+FFFF, so they sort after every other unit. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
