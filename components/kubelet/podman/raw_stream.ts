const HEADER_BYTES = 8;
/** A frame longer than this is no frame. */
const FRAME_MAXIMUM_BYTES = 64 * 1024 * 1024;

export type StreamName = "stdin" | "stdout" | "stderr";
const STREAMS: readonly StreamName[] = ["stdin", "stdout", "stderr"];

/**
 * Takes a multiplexed stream apart: frames of eight bytes of head (stream number, three zeros, length in big endian)
 * and a payload. Payloads are handed on as they come, not kept until they are whole.
 */
export class FrameReader {
  readonly #head = new Uint8Array(HEADER_BYTES);
  #headBytes = 0;
  #left = 0;
  #stream: StreamName = "stdout";

  /** The pieces that these bytes bring, in order. Throws when they are not of this protocol. */
  *read(bytes: Uint8Array): Generator<{ stream: StreamName; payload: Uint8Array }> {
    let at = 0;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const payload = bytes.subarray(at, at + this.#left);
        this.#left -= payload.length;
        at += payload.length;
        yield { stream: this.#stream, payload };
        continue;
      }
      const piece = bytes.subarray(at, at + HEADER_BYTES - this.#headBytes);
      this.#head.set(piece, this.#headBytes);
      this.#headBytes += piece.length;
      at += piece.length;
      if (this.#headBytes < HEADER_BYTES) return;
      this.#headBytes = 0;
      const stream = STREAMS[this.#head[0] ?? 255];
      this.#left = new DataView(this.#head.buffer).getUint32(4);
      if (stream === undefined || this.#left > FRAME_MAXIMUM_BYTES) {
        throw new Error("Podman's stream is out of step");
      }
      this.#stream = stream;
    }
  }
}
