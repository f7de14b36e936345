/**
 * Asks etcd for its revision, once for all who ask at the same time: what is in flight serves nobody who came later, so
 * those share the next question.
 */
export class FreshRevision {
  #running: Promise<number> | undefined;
  #next: Promise<number> | undefined;

  constructor(readonly ask: () => Promise<number>) {}

  get(): Promise<number> {
    if (this.#running === undefined) return this.#start();
    return this.#next ??= this.#running.then(() => this.#follow(), () => this.#follow());
  }

  #follow(): Promise<number> {
    this.#next = undefined;
    return this.#start();
  }

  #start(): Promise<number> {
    const running = this.ask().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }
}
