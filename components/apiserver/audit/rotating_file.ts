import type { Clock } from "../../base/mod.ts";

export interface RotationLimits {
  /** Bytes after which a file is put aside; 0 for never. */
  readonly maximumBytes: number;
  /** Files put aside that are kept; 0 for all. */
  readonly maximumBackups: number;
  /** Days after which a file put aside is removed; 0 for never. */
  readonly maximumAgeDays: number;
}

const DAY_MILLISECONDS = 86_400_000;
const encoder = new TextEncoder();

/**
 * Appends lines to a file; a full one is put aside under its time, `audit-2026-01-02T03-04-05.678.log`, and the oldest
 * of those are removed. Lines are handed to the system before `write` returns.
 */
export class RotatingFile {
  readonly #path: string;
  readonly #limits: RotationLimits;
  readonly #clock: Clock;
  #file: Deno.FsFile | undefined;
  #bytes = 0;

  constructor(path: string, limits: RotationLimits, clock: Clock) {
    this.#path = path;
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Throws what the system has against it. */
  write(text: string): void {
    const bytes = encoder.encode(text);
    const { maximumBytes } = this.#limits;
    const file = this.#open();
    if (maximumBytes > 0 && this.#bytes > 0 && this.#bytes + bytes.length > maximumBytes) {
      this.#rotate();
      return this.write(text);
    }
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
    this.#bytes += bytes.length;
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #open(): Deno.FsFile {
    if (this.#file === undefined) {
      const { folder } = this.#names;
      Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
      this.#file = Deno.openSync(this.#path, { create: true, append: true, mode: 0o600 });
      this.#bytes = this.#file.statSync().size;
      this.#prune();
    }
    return this.#file;
  }

  #rotate(): void {
    this.close();
    const { folder, stem, extension } = this.#names;
    const time = new Date(this.#clock.now()).toISOString().slice(0, -1).replaceAll(":", "-");
    let aside = `${folder}/${stem}-${time}${extension}`;
    for (let n = 1; exists(aside); n++) aside = `${folder}/${stem}-${time}.${n}${extension}`;
    Deno.renameSync(this.#path, aside);
    this.#open();
  }

  #prune(): void {
    const { maximumAgeDays, maximumBackups } = this.#limits;
    if (maximumAgeDays === 0 && maximumBackups === 0) return;
    const { folder, stem, extension } = this.#names;
    const oldest = this.#clock.now() - maximumAgeDays * DAY_MILLISECONDS;
    const aside = [...Deno.readDirSync(folder)].map(({ name }) => name)
      .filter((name) => name.startsWith(`${stem}-`) && name.endsWith(extension))
      .map((name) => ({ name, time: timeOf(name.slice(stem.length + 1)) }))
      .filter(({ time }) => !Number.isNaN(time))
      .sort((a, b) => b.time - a.time || (a.name < b.name ? 1 : -1));
    aside.forEach(({ name, time }, i) => {
      const tooMany = maximumBackups > 0 && i >= maximumBackups;
      if (tooMany || maximumAgeDays > 0 && time < oldest) Deno.removeSync(`${folder}/${name}`);
    });
  }

  get #names() {
    const slash = this.#path.lastIndexOf("/");
    const folder = slash < 0 ? "." : this.#path.slice(0, slash);
    const name = this.#path.slice(slash + 1);
    const dot = name.lastIndexOf(".");
    return dot <= 0
      ? { folder, stem: name, extension: "" }
      : { folder, stem: name.slice(0, dot), extension: name.slice(dot) };
  }
}

/** The time in a name, in milliseconds; NaN where there is none. */
function timeOf(text: string): number {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})/.exec(text);
  if (match === null) return NaN;
  return Date.parse(`${match[1]}T${match[2]}:${match[3]}:${match[4]}Z`);
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
