/** A value that its type refuses; the message is upstream's. */
export class ScalarError extends Error {}

/** `2006-01-02T15:04:05Z07:00` */
const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/;
/** What most clients send already: whole seconds in UTC. */
const CANONICAL_TIME_LENGTH = 20;

/** A moment without a time zone: seconds since 1970 and the nanoseconds beyond. */
export interface Moment {
  readonly seconds: number;
  readonly nanos: number;
}

/** Reads RFC 3339 as Go does; throws `ScalarError` for anything else. */
export function parseTime(text: string): Moment {
  const match = RFC3339.exec(text);
  if (match === null) throw unreadableTime(text);
  const [, year, month, day, hour, minute, second, fraction = "", zone = "Z"] = match;
  const ms = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  const back = new Date(ms);
  const exact = Number(month) >= 1 && Number(month) <= 12 && back.getUTCDate() === Number(day) &&
    Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
  if (!exact) throw unreadableTime(text);
  const sign = zone.startsWith("-") ? -1 : 1;
  const offset = zone === "Z"
    ? 0
    : sign * (Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4, 6)) * 60);
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  const shift = Number(year) < 100 ? yearShift(Number(year)) : 0;
  return {
    seconds: ms / 1000 - offset + shift,
    nanos: Number(fraction.slice(0, 9).padEnd(9, "0")),
  };
}

function yearShift(year: number): number {
  const early = new Date(0);
  early.setUTCFullYear(year, 0, 1);
  return (early.getTime() - Date.UTC(year, 0, 1)) / 1000;
}

function unreadableTime(text: string): ScalarError {
  const quoted = JSON.stringify(text);
  return new ScalarError(
    `parsing time ${quoted} as "2006-01-02T15:04:05Z07:00": cannot parse ${quoted} as "2006"`,
  );
}

/** Whole seconds in UTC, as metav1.Time writes itself. */
export function formatTime({ seconds }: Moment): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

/** Six digits of a second in UTC, as metav1.MicroTime writes itself. */
export function formatMicroTime({ seconds, nanos }: Moment): string {
  const micros = String(Math.floor(nanos / 1000)).padStart(6, "0");
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${micros}Z`;
}

/** A time as upstream would store it. */
export function normalTime(text: string): string {
  const moment = parseTime(text);
  return text.length === CANONICAL_TIME_LENGTH ? text : formatTime(moment);
}

export function normalMicroTime(text: string): string {
  return formatMicroTime(parseTime(text));
}

/** Base64 without line breaks; throws `ScalarError` for anything else. */
export function normalBytes(text: string): string {
  const plain = text.includes("\n") || text.includes("\r")
    ? text.replaceAll("\n", "").replaceAll("\r", "")
    : text;
  const padding = plain.endsWith("==") ? 2 : plain.endsWith("=") ? 1 : 0;
  const digits = plain.length - padding;
  for (let i = 0; i < digits; i++) {
    if (!isBase64(plain.charCodeAt(i))) {
      throw new ScalarError(`illegal base64 data at input byte ${i}`);
    }
  }
  if (plain.length % 4 !== 0) {
    throw new ScalarError(
      `illegal base64 data at input byte ${plain.length - (plain.length % 4)}`,
    );
  }
  return plain;
}

function isBase64(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x2f && code <= 0x39) || code === 0x2b;
}
