const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const TIME = /^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$/;

/** `2006-01-02`, a day that there is. */
export function isDate(text: string): boolean {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (parts === null) return false;
  const [year, month, day] = parts.slice(1).map(Number) as [number, number, number];
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && leap ? 29 : DAYS[month - 1] ?? 0;
  return day >= 1 && day <= days;
}

/** RFC 3339, in any case of letters. */
export function isDateTime(text: string): boolean {
  const [date = "", time] = text.toLowerCase().split("t");
  if (time === undefined || !isDate(date)) return false;
  const parts = TIME.exec(time);
  return parts !== null && (parts[1] ?? "") <= "23" && (parts[2] ?? "") <= "59" &&
    (parts[3] ?? "") <= "59";
}

const GO_DURATION = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
/** Units by their full names, the last of each also as a beginning: `minutes`. */
const UNITS: readonly (readonly string[])[] = [
  ["ns", "nano"],
  ["us", "µs", "micro"],
  ["ms", "milli"],
  ["s", "sec"],
  ["m", "min"],
  ["h", "hr", "hour"],
  ["d", "day"],
  ["w", "wk", "week"],
];

/** Longer texts are none: looking for words in them takes time that grows with the square. */
const DURATION_CHARACTERS = 1024;

/** `1h30m` as Go reads it, or words such as `3 days` anywhere in the text. */
export function isDuration(text: string): boolean {
  if (text.length > DURATION_CHARACTERS) return false;
  if (text === "0" || text === "+0" || text === "-0") return true;
  if (GO_DURATION.test(text)) return true;
  let found = false;
  for (const [, digits = "", word = ""] of text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)) {
    if (BigInt(digits) > 9223372036854775807n) return false;
    const unit = word.toLowerCase();
    found ||= UNITS.some((names) => names.includes(unit) || unit.startsWith(names.at(-1) ?? " "));
  }
  return found;
}
