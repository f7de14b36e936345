import { type Clock, lineLogger, type Logger, type LogLevel } from "../base/mod.ts";

/** A component's log is rotated at this size, and so many files of it are kept. */
export const LOG_FILE_MAXIMUM_BYTES = 10 * 1024 * 1024;
export const LOG_FILES_MAXIMUM = 5;

export interface LogFileLimits {
  readonly maximumBytes?: number;
  readonly maximumFiles?: number;
}

/**
 * Appends lines to `<path>`; a full file becomes `<path>.1`, that one `.2`, and the oldest is removed. One writer a
 * file. Lines are written at once, so that a killed process has told all it had to tell; a disk that is full costs
 * lines, never the component.
 */
export class LogFile {
  readonly #path: string;
  readonly #maximumBytes: number;
  readonly #maximumFiles: number;
  #file: Deno.FsFile | undefined;
  #bytes = 0;

  constructor(path: string, limits: LogFileLimits = {}) {
    this.#path = path;
    this.#maximumBytes = limits.maximumBytes ?? LOG_FILE_MAXIMUM_BYTES;
    this.#maximumFiles = limits.maximumFiles ?? LOG_FILES_MAXIMUM;
  }

  write(line: string): void {
    const bytes = new TextEncoder().encode(line + "\n");
    try {
      this.#open();
      if (this.#bytes > 0 && this.#bytes + bytes.length > this.#maximumBytes) this.#rotate();
      for (let rest = bytes; rest.length > 0;) {
        rest = rest.subarray(this.#file!.writeSync(rest));
      }
      this.#bytes += bytes.length;
    } catch {
      // Nowhere to tell it.
      this.close();
    }
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #open(): void {
    if (this.#file !== undefined) return;
    this.#file = Deno.openSync(this.#path, { create: true, append: true, mode: 0o600 });
    this.#bytes = this.#file.statSync().size;
  }

  #rotate(): void {
    this.close();
    for (let n = this.#maximumFiles - 1; n > 0; n--) {
      const from = n === 1 ? this.#path : `${this.#path}.${n - 1}`;
      try {
        Deno.renameSync(from, `${this.#path}.${n}`);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    this.#open();
  }
}

/** The loggers of the components of one process, each with its own file in one folder. */
export class ComponentLogs {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #level: LogLevel;
  readonly #files = new Map<string, LogFile>();

  constructor(directory: string, clock: Clock, level: LogLevel = "info") {
    this.#directory = directory;
    this.#clock = clock;
    this.#level = level;
  }

  logger(component: string): Logger {
    const known = this.#files.get(component);
    const file = known ?? new LogFile(`${this.#directory}/${component}.log`);
    this.#files.set(component, file);
    const now = () => this.#clock.now();
    const logger = lineLogger((line) => file.write(line), now, { level: this.#level });
    if (known === undefined) logger.info("starting", { process: Deno.pid });
    return logger;
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
  }
}
