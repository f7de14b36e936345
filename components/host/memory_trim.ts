import type { Clock, Timer } from "../base/mod.ts";

const INTERVAL_MILLISECONDS = 2_000;
/** What a process must have grown by for its memory to be looked through: that takes milliseconds of another thread. */
const GROWTH_BYTES = 8 * 1024 * 1024;

/** The process whose memory it is. */
export interface TrimmedProcess {
  /** Bytes. */
  resident(): number;
  /** Gives free memory back. */
  trim(): Promise<unknown>;
}

/**
 * Gives back to the machine what the C library keeps of memory that was freed. Answers and values of every size come
 * and go, and what is free between those that stay is never given back by itself: 78 of 444 MB after a run of writes
 * and lists. Does nothing where there is no such call.
 */
export class MemoryTrim {
  readonly #clock: Clock;
  readonly #process: TrimmedProcess | undefined;
  #timer: Timer | undefined;
  #ended = false;
  /** Resident bytes that were left the last time. */
  #left = 0;

  constructor(clock: Clock, process: TrimmedProcess | undefined = thisProcess()) {
    this.#clock = clock;
    this.#process = process;
    this.#later();
  }

  end(): void {
    this.#ended = true;
    this.#timer?.cancel();
  }

  #later(): void {
    if (this.#process === undefined || this.#ended) return;
    const process = this.#process;
    this.#timer = this.#clock.after(INTERVAL_MILLISECONDS, () => void this.#look(process));
  }

  async #look(process: TrimmedProcess): Promise<void> {
    const resident = process.resident();
    if (resident - this.#left < GROWTH_BYTES) this.#left = Math.min(this.#left, resident);
    else {
      await process.trim();
      this.#left = process.resident();
    }
    this.#later();
  }
}

/** This very process, where its C library is GNU's. */
export function thisProcess(): TrimmedProcess | undefined {
  try {
    const { symbols } = Deno.dlopen("libc.so.6", {
      malloc_trim: { parameters: ["usize"], result: "i32", nonblocking: true },
    });
    return { resident: () => Deno.memoryUsage().rss, trim: () => symbols.malloc_trim(0n) };
  } catch {
    return undefined;
  }
}
