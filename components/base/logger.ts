/** What a log line may carry beside its message. */
export type LogFields = Record<string, unknown>;

/** Structured logging. A line is one JSON object; secrets never go into fields. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same sink with fields that every line gets. */
  with(fields: LogFields): Logger;
}

const LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = typeof LEVELS[number];

/** A logger that hands each finished line (without newline) to `sink`. */
export function lineLogger(
  sink: (line: string) => void,
  now: () => number,
  options: { level?: LogLevel; fields?: LogFields } = {},
): Logger {
  const threshold = LEVELS.indexOf(options.level ?? "info");
  const write = (level: LogLevel, message: string, fields?: LogFields) => {
    if (LEVELS.indexOf(level) < threshold) return;
    const time = new Date(now()).toISOString();
    sink(JSON.stringify({ time, level, message, ...options.fields, ...plain(fields) }));
  };
  return {
    debug: (message, fields) => write("debug", message, fields),
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
    with: (fields) =>
      lineLogger(sink, now, { ...options, fields: { ...options.fields, ...fields } }),
  };
}

/** A logger that drops everything. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLogger,
};

function plain(fields: LogFields | undefined): LogFields | undefined {
  if (fields === undefined) return undefined;
  const copy: LogFields = {};
  for (const [key, value] of Object.entries(fields)) {
    copy[key] = value instanceof Error ? value.stack ?? String(value) : value;
  }
  return copy;
}
