/** What is under way at once. */
export const MAXIMA = {
  /** Bindings and conditions; and as many events, so that they keep up with what they tell of. */
  writes: 256,
  /** Cycles of slow plugins. */
  remoteCycles: 16,
  /** Pods whose volumes and devices are made ready before they are bound, which may take minutes. */
  waitingBindings: 4096,
} as const;

/** Writes under way at once: the cycle goes on while they are written, but not without bound. */
export class WriteSlots {
  readonly #maximum: number;
  #taken = 0;
  #room: PromiseWithResolvers<void> | undefined;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  get taken(): number {
    return this.#taken;
  }

  get full(): boolean {
    return this.#taken >= this.#maximum;
  }

  /** Holds a slot until the write has ended; its failure is its own. */
  run(write: () => Promise<unknown>): void {
    this.#taken++;
    void write().catch(() => {}).finally(() => {
      this.#taken--;
      this.#room?.resolve();
      this.#room = undefined;
      if (this.#taken === 0) this.#idle?.resolve();
    });
  }

  /** Resolves when there is a slot. */
  async room(): Promise<void> {
    while (this.full) {
      this.#room ??= Promise.withResolvers();
      await this.#room.promise;
    }
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    while (this.#taken > 0) {
      this.#idle = Promise.withResolvers();
      await this.#idle.promise;
    }
  }
}
