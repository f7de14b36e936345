/** Follows a body of HTTP/1.1 to its end. */
export interface BodyFollower {
  /** Whether it is over; undefined where nobody can be sure of that any more. */
  readonly over: boolean | undefined;
  /** Goes on from `at`; answers where it stops: at the end of the data, or behind that of the body. */
  follow(data: Uint8Array, at: number): number;
}

/** One whose length is known. */
export class SizedBody implements BodyFollower {
  #left: number;

  constructor(length: number) {
    this.#left = length;
  }

  get over(): boolean {
    return this.#left === 0;
  }

  follow(data: Uint8Array, at: number): number {
    const taken = Math.min(this.#left, data.length - at);
    this.#left -= taken;
    return at + taken;
  }
}

const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;
/** Hex digits of a chunk's length: larger than any body. */
const LENGTH_DIGITS_MAXIMUM = 12;

type Step =
  | "length"
  | "extension"
  | "length end"
  | "data"
  | "data end"
  | "data line end"
  | "trailer"
  | "trailer end"
  | "over"
  | "doubt";

/** One that comes in chunks. Read strictly: whoever is less strict might see an end where another does not. */
export class ChunkedBody implements BodyFollower {
  #step: Step = "length";
  #digits = 0;
  /** Bytes of the chunk that are still to come; in a trailer, those of its line so far. */
  #count = 0;

  get over(): boolean | undefined {
    return this.#step === "doubt" ? undefined : this.#step === "over";
  }

  follow(data: Uint8Array, at: number): number {
    let next = at;
    while (next < data.length && this.#step !== "over" && this.#step !== "doubt") {
      if (this.#step === "data") {
        const taken = Math.min(this.#count, data.length - next);
        this.#count -= taken;
        next += taken;
        if (this.#count === 0) this.#step = "data end";
      } else this.#step = this.#sign(data[next++] as number);
    }
    return next;
  }

  #sign(byte: number): Step {
    switch (this.#step) {
      case "length":
        return this.#lengthSign(byte);
      case "extension":
        return byte === CR ? "length end" : byte === LF ? "doubt" : "extension";
      case "length end":
        this.#digits = 0;
        return byte !== LF ? "doubt" : this.#count > 0 ? "data" : "trailer";
      case "data end":
        return byte === CR ? "data line end" : "doubt";
      case "data line end":
        return byte === LF ? "length" : "doubt";
      case "trailer":
        if (byte === CR) return "trailer end";
        this.#count++;
        return byte === LF ? "doubt" : "trailer";
      case "trailer end": {
        const isLast = this.#count === 0;
        this.#count = 0;
        return byte !== LF ? "doubt" : isLast ? "over" : "trailer";
      }
      default:
        return "doubt";
    }
  }

  #lengthSign(byte: number): Step {
    if (this.#digits > 0 && byte === SEMICOLON) return "extension";
    if (this.#digits > 0 && byte === CR) return "length end";
    const digit = HEX.indexOf(String.fromCharCode(byte | 0x20));
    const isDigit = digit >= 0 && (digit > 9 ? byte > 0x40 : byte < 0x3a && byte > 0x2f);
    if (!isDigit || this.#digits === LENGTH_DIGITS_MAXIMUM) return "doubt";
    this.#digits++;
    this.#count = this.#count * 16 + digit;
    return "length";
  }
}

const HEX = "0123456789abcdef";
