import { invariant } from "../../base/mod.ts";

/** Small pieces are joined to pieces of about this size, which a connection takes at once. */
const JOINED_BYTES = 128 * 1024;

/** A body that is handed out in pieces, so that a long list is never held as a whole. */
export class PieceBody {
  readonly #pieces: () => Iterator<Uint8Array>;

  /** `length` is that of all pieces together; each is made, or let go, when it is asked for, and asking never fails. */
  constructor(readonly length: number, pieces: () => Iterator<Uint8Array>) {
    this.#pieces = pieces;
  }

  /** The pieces, once. */
  pieces(): Iterator<Uint8Array> {
    return this.#pieces();
  }

  /** All of it at once. */
  whole(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.length);
    const pieces = this.#pieces();
    let at = 0;
    for (let next = pieces.next(); next.done !== true; next = pieces.next()) {
      bytes.set(next.value, at);
      at += next.value.length;
    }
    invariant(at === bytes.length, "a body is as long as its pieces");
    return bytes;
  }

  /** What goes out at once: small pieces joined, and one that is larger than that as it is. */
  *parts(): Generator<Uint8Array<ArrayBuffer>> {
    const pieces = this.#pieces();
    let next = pieces.next();
    for (let left = this.length; left > 0;) {
      invariant(next.done !== true, "a body is as long as its pieces");
      if (next.value.length >= JOINED_BYTES) {
        left -= next.value.length;
        yield next.value as Uint8Array<ArrayBuffer>;
        next = pieces.next();
        continue;
      }
      const joined = new Uint8Array(Math.min(left, JOINED_BYTES));
      let at = 0;
      for (; next.done !== true && at + next.value.length <= joined.length; next = pieces.next()) {
        joined.set(next.value, at);
        at += next.value.length;
      }
      left -= at;
      yield at === joined.length ? joined : joined.subarray(0, at);
    }
  }
}

const NOTHING = new Uint8Array();

/** A body of pieces that are there already; each is let go as it is read. */
export function heldBody(pieces: Uint8Array[], length: number): PieceBody {
  return new PieceBody(length, function* () {
    for (let at = 0; at < pieces.length; at++) {
      const piece = pieces[at] as Uint8Array;
      pieces[at] = NOTHING;
      yield piece;
    }
  });
}
