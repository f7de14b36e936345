/** What is kept of a buffer that has been emptied. */
const KEPT_BYTES = 64 * 1024;

/**
 * Bytes that come in any pieces and are taken from the front in others. A byte is moved a few times at most, however
 * small the pieces are; who pushes bounds what is held.
 */
export class ByteBuffer {
  #bytes = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #moved = 0;

  /** How many bytes are held. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** How many bytes were moved to make room, since the beginning: what small pieces cost beside themselves. */
  get moved(): number {
    return this.#moved;
  }

  push(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#bytes.length) this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** The first bytes, `count` of them at the most: a view that holds until the next push. */
  first(count: number): Uint8Array {
    return this.#bytes.subarray(this.#start, Math.min(this.#end, this.#start + count));
  }

  /** Lets the first `count` bytes go. */
  drop(count: number): void {
    this.#start = Math.min(this.#end, this.#start + count);
    if (this.#start < this.#end) return;
    this.#start = this.#end = 0;
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = new Uint8Array(0);
  }

  /** Twice what is held is room enough that moving it costs each byte a constant. */
  #makeRoom(more: number): void {
    const held = this.first(this.length);
    const wanted = held.length + more;
    this.#moved += held.length;
    if (2 * wanted <= this.#bytes.length) this.#bytes.copyWithin(0, this.#start, this.#end);
    else {
      const grown = new Uint8Array(2 * wanted);
      grown.set(held);
      this.#bytes = grown;
    }
    this.#start = 0;
    this.#end = held.length;
  }
}
