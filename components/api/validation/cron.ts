const MACROS = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const DAYS = "sun mon tue wed thu fri sat".split(" ");
const MAX_SCHEDULE_LENGTH = 512;

interface Range {
  readonly low: number;
  readonly high: number;
  readonly names: readonly string[];
}

/** Minute, hour, day of the month, month, day of the week. */
const FIELDS: readonly Range[] = [
  { low: 0, high: 59, names: [] },
  { low: 0, high: 23, names: [] },
  { low: 1, high: 31, names: [] },
  { low: 1, high: 12, names: MONTHS },
  { low: 0, high: 7, names: DAYS },
];

/** True for a schedule of five fields, with an optional `TZ=` before it, or one of the macros. */
export function isCronSchedule(text: string): boolean {
  if (text.length > MAX_SCHEDULE_LENGTH) return false;
  const words = text.trim().split(/[ \t]+/);
  if (words[0]?.startsWith("TZ=") || words[0]?.startsWith("CRON_TZ=")) words.shift();
  if (words.length === 1 && words[0]?.startsWith("@")) return MACROS.includes(words[0]);
  if (words.length === 2 && words[0] === "@every") return /^([0-9]+(h|m|s))+$/.test(words[1] ?? "");
  return words.length === FIELDS.length &&
    words.every((word, i) => word.split(",").every((part) => isPart(part, FIELDS[i] as Range)));
}

/** `*`, `5`, `1-5`, each with an optional `/step`. */
function isPart(part: string, range: Range): boolean {
  const [span = "", step, ...more] = part.split("/");
  if (more.length > 0) return false;
  if (step !== undefined && (!/^[0-9]{1,9}$/.test(step) || Number(step) === 0)) return false;
  if (span === "*" || span === "?") return true;
  const [first = "", last, ...rest] = span.split("-");
  if (rest.length > 0) return false;
  const [from, to] = [valueOf(first, range), last === undefined ? undefined : valueOf(last, range)];
  if (from === undefined || (last !== undefined && to === undefined)) return false;
  return to === undefined || from <= to;
}

function valueOf(text: string, { low, high, names }: Range): number | undefined {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return named + low;
  if (!/^[0-9]{1,9}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= low && value <= high ? value : undefined;
}
