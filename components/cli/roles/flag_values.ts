import { parseDuration } from "../../base/mod.ts";
import { type ParsedFlags, UsageError } from "../flags.ts";

/** Milliseconds of a flag like `1m30s`; undefined where it is not given. Throws `UsageError`. */
export function duration(flags: ParsedFlags, name: string): number | undefined {
  return checked(flags, name, (text) => {
    const milliseconds = parseDuration(text);
    if (milliseconds < 0) throw new Error("must not be negative");
    return milliseconds;
  });
}

export function positive(flags: ParsedFlags, name: string): number | undefined {
  return atLeast(flags, name, 1, "must be greater than 0");
}

export function notNegative(flags: ParsedFlags, name: string): number | undefined {
  return atLeast(flags, name, 0, "must not be negative");
}

function atLeast(
  flags: ParsedFlags,
  name: string,
  minimum: number,
  problem: string,
): number | undefined {
  return checked(flags, name, (text) => {
    if (Number(text) < minimum) throw new Error(problem);
    return Number(text);
  });
}

/** A flag's value as `parse` reads it; undefined where it is not given. Throws `UsageError` with its message. */
export function checked<T>(
  flags: ParsedFlags,
  name: string,
  parse: (text: string) => T,
): T | undefined {
  const text = flags.text(name);
  if (text === undefined) return undefined;
  try {
    return parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`invalid argument ${JSON.stringify(text)} for "--${name}" flag: ${why}`);
  }
}
