import { JsonCursor } from "./json_cursor.ts";
import { LENGTH_DELIMITED, putVarint, varintBytes } from "./message_writer.ts";

/** What one buffer has room for; a bigger message gets its own. */
const BUFFER_BYTES = 256 * 1024;
/** The most that JSON grows by: of a list of `-1,` each three bytes become a tag and ten. */
const GROWTH = 5;
const ROOM_BYTES = 256;
const NOTHING = new Uint8Array();

/**
 * Where messages are written that JSON becomes. Room for all that a message can be is made once, when it begins, so
 * that nothing asks for room on the way.
 */
export class MessageSink extends JsonCursor {
  protected out = new Uint8Array(BUFFER_BYTES);
  protected end = 0;

  /** How many bytes were written since `take`. */
  get written(): number {
    return this.end;
  }

  /** The same of a message that is written already. */
  copied(tag: number, message: Uint8Array): void {
    this.room(message);
    this.tag(tag);
    this.varint(message.length);
    this.out.set(message, this.end);
    this.end += message.length;
  }

  /** True where the next message would need a new sink: `take` first. */
  isFullFor(json: Uint8Array): boolean {
    return this.end > 0 && this.end + GROWTH * json.length + ROOM_BYTES > this.out.length;
  }

  /** What was written from `start` on, as bytes of their own. */
  copy(start: number): Uint8Array<ArrayBuffer> {
    return this.out.slice(start, this.end);
  }

  /** All that was written; the sink goes with it where that is most of it. */
  take(): Uint8Array<ArrayBuffer> {
    const large = 2 * this.end > this.out.length;
    const written = large ? this.out.subarray(0, this.end) : this.copy(0);
    if (large || this.out.length > BUFFER_BYTES) this.out = new Uint8Array(BUFFER_BYTES);
    this.reset();
    return written;
  }

  reset(): void {
    this.end = 0;
    this.json = NOTHING;
  }

  protected room(json: Uint8Array): void {
    this.json = json;
    this.at = 0;
    this.grow(GROWTH * json.length + ROOM_BYTES);
  }

  protected grow(more: number): void {
    const wanted = this.end + more;
    if (wanted <= this.out.length) return;
    const grown = new Uint8Array(Math.max(wanted, BUFFER_BYTES));
    grown.set(this.out.subarray(0, this.end));
    this.out = grown;
  }

  /** Begins the messages in one another that Go embeds. */
  protected openAll(within: readonly number[]): number[] {
    return within.map((number) => {
      this.tag(number << 3 | LENGTH_DELIMITED);
      return ++this.end;
    });
  }

  protected closeAll(starts: number[]): void {
    for (let start = starts.pop(); start !== undefined; start = starts.pop()) this.close(start);
  }

  protected tag(tag: number): void {
    if (tag < 0x80) this.out[this.end++] = tag;
    else this.varint(tag);
  }

  protected varint(value: number): void {
    this.end = putVarint(this.out, this.end, value);
  }

  /** A length and the bytes of the JSON from `start` to `end`. */
  protected copyJson(start: number, end: number): void {
    this.varint(end - start);
    this.out.set(this.json.subarray(start, end), this.end);
    this.end += end - start;
  }

  /** What a writer of values wrote, which may be more than what is set aside for its JSON. */
  protected raw(bytes: Uint8Array): void {
    this.grow(bytes.length + GROWTH * (this.json.length - this.at) + ROOM_BYTES);
    this.out.set(bytes, this.end);
    this.end += bytes.length;
  }

  /** Writes the length of the message that began at `start`, for which `room` bytes were left; answers what it took. */
  protected close(start: number, room = 1): number {
    const length = this.end - start;
    const needed = varintBytes(length);
    if (needed !== room) {
      this.out.copyWithin(start + needed - room, start, this.end);
      this.end += needed - room;
    }
    putVarint(this.out, start - room, length);
    return needed;
  }
}
