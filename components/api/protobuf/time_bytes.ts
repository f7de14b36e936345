const ZERO = 0x30;
const SECONDS_PER_DAY = 86_400;
const DASH = 0x2d;
const POINT = 0x2e;
const COLON = 0x3a;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Seconds since 1970 of the time that stands at `at` as metav1.Time writes itself, `2006-01-02T15:04:05Z`, from 1970
 * on, or as far as a point for its parts of a second; undefined for all else, which may be a time none the less.
 */
export function secondsAt(json: Uint8Array, at: number): number | undefined {
  const marked = json[at + 4] === DASH && json[at + 7] === DASH && json[at + 10] === LETTER_T &&
    json[at + 13] === COLON && json[at + 16] === COLON &&
    (json[at + 19] === LETTER_Z || json[at + 19] === POINT);
  if (!marked) return undefined;
  const year = two(json, at) * 100 + two(json, at + 2);
  const month = two(json, at + 5);
  const day = two(json, at + 8);
  const hour = two(json, at + 11);
  const minute = two(json, at + 14);
  const second = two(json, at + 17);
  // What is no digit makes a number out of all bounds.
  const wrong = !(year >= 1970 && month >= 1 && month <= 12 && day >= 1 && hour < 24 &&
    minute < 60 && second < 60 && hour >= 0 && minute >= 0 && second >= 0);
  if (wrong || day > daysIn(year, month)) return undefined;
  return daysSince1970(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
}

/** The parts of a second that stand at `at` as metav1.MicroTime writes them, `.000000Z`; undefined for all else. */
export function microsAt(json: Uint8Array, at: number): number | undefined {
  if (json[at] !== POINT || json[at + 7] !== LETTER_Z) return undefined;
  const micros = two(json, at + 1) * 10_000 + two(json, at + 3) * 100 + two(json, at + 5);
  return Number.isNaN(micros) ? undefined : micros;
}

function two(json: Uint8Array, at: number): number {
  const tens = (json[at] as number) - ZERO;
  const ones = (json[at + 1] as number) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

function daysIn(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : DAYS[month - 1] as number;
}

function daysSince1970(year: number, month: number, day: number): number {
  const before = year - 1;
  let days = 365 * (year - 1970) + Math.floor(before / 4) - Math.floor(before / 100) +
    Math.floor(before / 400) - 477 + day - 1;
  for (let i = 1; i < month; i++) days += daysIn(year, i);
  return days;
}
