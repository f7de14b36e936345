import { Cron } from "croner";

/** When a schedule falls due. Times are milliseconds since the epoch. */
export interface Schedule {
  /** The first time after `time`; undefined where there is none. */
  next(time: number): number | undefined;
  /** The last time after `since` and not after `now`, and how many there were, counted to a bound. */
  latest(since: number, now: number): { at: number; missed: number } | undefined;
}

const DESCRIPTORS: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/** Misses beyond this are not counted. */
export const MISSES_COUNTED_MAXIMUM = 101;

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };

/** Reads five fields, a descriptor or `@every 1h30m`. Throws with a reason for anything else. */
export function parseSchedule(
  text: string,
  timeZone: string | undefined,
  origin: number,
): Schedule {
  const trimmed = text.trim();
  if (trimmed.startsWith("@every ")) return every(readDuration(trimmed.slice(7).trim()), origin);
  const fields = DESCRIPTORS[trimmed] ?? trimmed;
  if (fields.split(/\s+/).length !== 5) {
    throw new Error(`expected exactly 5 fields, found ${fields.split(/\s+/).length}: [${fields}]`);
  }
  const cron = new Cron(fields, { timezone: timeZone ?? "Etc/UTC", paused: true });
  return {
    next: (time) => cron.nextRun(new Date(time))?.getTime(),
    latest(since, now) {
      // Runs before a time do not include it.
      const at = cron.previousRuns(1, new Date(now + 1000))[0]?.getTime();
      if (at === undefined || at <= since || at > now) return undefined;
      const runs = cron.nextRuns(MISSES_COUNTED_MAXIMUM, new Date(since));
      return { at, missed: runs.filter((run) => run.getTime() <= now).length };
    },
  };
}

function every(interval: number, origin: number): Schedule {
  return {
    next: (time) => time + interval - ((time - origin) % interval + interval) % interval,
    latest(since, now) {
      const at = now - ((now - origin) % interval + interval) % interval;
      if (at <= since) return undefined;
      const missed = Math.ceil((at - since) / interval);
      return { at, missed: Math.min(missed, MISSES_COUNTED_MAXIMUM) };
    },
  };
}

function readDuration(text: string): number {
  let total = 0;
  let digits = "";
  for (const character of text) {
    if (character >= "0" && character <= "9" && digits.length < 9) {
      digits += character;
      continue;
    }
    const unit = UNITS[character];
    if (unit === undefined || digits === "") {
      throw new Error(`failed to parse duration @every ${text}`);
    }
    total += Number(digits) * unit;
    digits = "";
  }
  if (digits !== "" || total < 1000) throw new Error(`failed to parse duration @every ${text}`);
  return total;
}
