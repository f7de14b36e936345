import type { Clock } from "../../base/mod.ts";
import type { Entry, Write } from "../store.ts";
import { CODES, EtcdError } from "./etcd_error.ts";

/** How long a write waits for those before it, roughly. */
const WAIT_MAXIMUM_MILLISECONDS = 10_000;

/** What the last of this process's writes to a key has left there; `entry` is absent after a delete. */
export interface Outcome {
  readonly revision: number;
  readonly entry: Entry | undefined;
}

/**
 * This process's writes on their way. Those to one key go one after the other: of two that rest on the same revision
 * the second would be refused anyway, and is so without asking etcd.
 */
export class OwnWrites {
  constructor(readonly clock: Clock) {}

  readonly #running = new Map<
    string,
    { readonly value?: Uint8Array; readonly done: Promise<Outcome | undefined> }
  >();

  /**
   * Runs `send` when no other write to the key is on its way. `refuse` is called instead, and throws, where one that
   * was has changed what this one rests on. `send` rejects where nobody knows, or it was refused.
   */
  async run(
    write: Write,
    send: () => Promise<number>,
    refuse: (outcome: Outcome) => never,
  ): Promise<number> {
    const { key } = write;
    const late = this.clock.monotonic() + WAIT_MAXIMUM_MILLISECONDS;
    for (let other = this.#running.get(key); other !== undefined; other = this.#running.get(key)) {
      const outcome = await other.done;
      if (outcome !== undefined && !fits(write, outcome)) refuse(outcome);
      if (this.clock.monotonic() > late) {
        throw new EtcdError(
          CODES.deadlineExceeded,
          "etcd did not take writes before this one",
          true,
        );
      }
    }
    const sent = send();
    const value = write.op === "delete" ? undefined : write.value;
    const done = sent.then(
      (revision) => ({ revision, entry: value && { key, value, revision } }),
      () => undefined,
    );
    const running = { ...(value === undefined ? {} : { value }), done };
    this.#running.set(key, running);
    try {
      return await sent;
    } finally {
      if (this.#running.get(key) === running) this.#running.delete(key);
    }
  }

  /** Resolves when none is on its way. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) {
      await Promise.all([...this.#running.values()].map(({ done }) => done));
    }
  }

  /** The very array that was written, where it holds the same: who has offered its object finds it by that. */
  own(key: string, value: Uint8Array): Uint8Array {
    const written = this.#running.get(key)?.value;
    return written !== undefined && equalBytes(written, value) ? written : value;
  }
}

/** Whether a write may still succeed after another one. */
function fits(write: Write, { entry, revision }: Outcome): boolean {
  return write.op === "create"
    ? entry === undefined
    : entry !== undefined && write.revision === revision;
}

function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}
