import type { Pod } from "../api/mod.ts";
import type { EncodedPod, PodExtras } from "./core_contract.ts";

/** A pod's message with what it was made of, since interned numbers are not a string's forever. */
export class EncodedMessage implements EncodedPod {
  readonly handle: number;
  readonly pod: Pod;
  readonly extras: PodExtras;
  readonly #write: (message: EncodedMessage) => Float64Array;
  #numbers: Float64Array;
  #generation: number;

  /** `write` gives the message anew, in numbers of the present generation. */
  constructor(
    handle: number,
    pod: Pod,
    extras: PodExtras,
    generation: number,
    write: (message: EncodedMessage) => Float64Array,
  ) {
    this.handle = handle;
    this.pod = pod;
    this.extras = extras;
    this.#generation = generation;
    this.#write = write;
    this.#numbers = write(this);
  }

  get numbers(): Float64Array {
    return this.#numbers;
  }

  /** The numbers as they are valid in a generation: those of the one before still are. */
  at(generation: number): Float64Array {
    if (generation > this.#generation + 1) {
      this.#numbers = this.#write(this);
      this.#generation = generation;
    }
    return this.#numbers;
  }
}
