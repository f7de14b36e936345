import type { Probe } from "../api/mod.ts";
import type { Clock, Timer } from "../base/mod.ts";
import type { ProbeResult } from "./runtime.ts";

export type ProbeKind = "startup" | "readiness" | "liveness";

export interface ProbeWorkerOptions {
  readonly kind: ProbeKind;
  readonly probe: Probe;
  readonly clock: Clock;
  /** Before the first run, in milliseconds. */
  readonly firstMilliseconds: number;
  /** The verdict before the first run. */
  readonly initial: boolean | undefined;
  run(): Promise<ProbeResult>;
  /** Told of every run that failed, and of those that could not be made. */
  onFailure(output: string, errored: boolean): void;
  /** Told when the verdict changes. */
  onVerdict(): void;
}

/**
 * Runs one probe of one container instance again and again, and keeps its verdict: a change needs as many results in
 * a row as the probe's thresholds say. A run that could not be made counts neither way.
 */
export class ProbeWorker {
  readonly #options: ProbeWorkerOptions;
  #verdict: boolean | undefined;
  #last: boolean | undefined;
  #inRow = 0;
  #timer: Timer | undefined;
  #ended = false;

  constructor(options: ProbeWorkerOptions) {
    this.#options = options;
    this.#verdict = options.initial;
    this.#schedule(options.firstMilliseconds);
  }

  /** True passed, false failed, undefined not known yet. */
  get verdict(): boolean | undefined {
    return this.#verdict;
  }

  end(): void {
    this.#ended = true;
    this.#timer?.cancel();
  }

  #schedule(milliseconds: number): void {
    this.#timer = this.#options.clock.after(milliseconds, () => void this.#run());
  }

  async #run(): Promise<void> {
    const { clock, probe, run, onFailure } = this.#options;
    const begun = clock.monotonic();
    try {
      const result = await run();
      if (this.#ended) return;
      if (!result.ok) onFailure(result.output, false);
      this.#count(result.ok);
    } catch (error) {
      if (this.#ended) return;
      onFailure(error instanceof Error ? error.message : String(error), true);
    }
    // A startup probe that passed is done; a killing verdict is acted on once.
    const final = this.#options.kind !== "readiness" && this.#verdict === false ||
      this.#options.kind === "startup" && this.#verdict === true;
    if (final || this.#ended) return;
    const period = (probe.periodSeconds ?? 10) * 1000;
    this.#schedule(Math.max(0, period - (clock.monotonic() - begun)));
  }

  #count(ok: boolean): void {
    const { probe, onVerdict } = this.#options;
    this.#inRow = this.#last === ok ? this.#inRow + 1 : 1;
    this.#last = ok;
    const threshold = ok ? probe.successThreshold ?? 1 : probe.failureThreshold ?? 3;
    if (this.#inRow < threshold || this.#verdict === ok) return;
    this.#verdict = ok;
    onVerdict();
  }
}
