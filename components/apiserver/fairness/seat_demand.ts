/** What a level asked for in one period, in seats. */
export interface Demand {
  readonly average: number;
  readonly deviation: number;
  readonly highWatermark: number;
}

/** Part of the last smoothed demand that stays: half is forgotten in about five minutes of ten-second periods. */
const SMOOTHING = 0.977;

/** The seats that a level's requests occupy or wait for, over time. */
export class SeatDemand {
  #value = 0;
  #since: number;
  #start: number;
  #area = 0;
  #squares = 0;
  #high = 0;
  last: Demand = { average: 0, deviation: 0, highWatermark: 0 };
  smoothed = 0;

  constructor(now: number) {
    this.#start = this.#since = now;
  }

  get current(): number {
    return this.#value;
  }

  add(step: number, now: number): void {
    this.#pass(now);
    this.#value += step;
    if (this.#value > this.#high) this.#high = this.#value;
  }

  /** Ends a period and begins the next. */
  endPeriod(now: number): Demand {
    this.#pass(now);
    const length = now - this.#start;
    const average = length > 0 ? this.#area / length : this.#value;
    const mean = length > 0 ? this.#squares / length : this.#value * this.#value;
    const deviation = Math.sqrt(Math.max(0, mean - average * average));
    this.last = { average, deviation, highWatermark: this.#high };
    const envelope = Math.min(average + deviation, this.#high);
    this.smoothed = Math.max(envelope, SMOOTHING * this.smoothed + (1 - SMOOTHING) * envelope);
    this.#area = this.#squares = 0;
    this.#start = now;
    this.#high = this.#value;
    return this.last;
  }

  #pass(now: number): void {
    const length = now - this.#since;
    if (length <= 0) return;
    this.#area += this.#value * length;
    this.#squares += this.#value * this.#value * length;
    this.#since = now;
  }
}
