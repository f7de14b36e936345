import type { MessagePipe } from "./message_pipe.ts";
import { encodeSpdy, SpdyDecoder, type SpdyFrame } from "./spdy_frames.ts";
import { SpdyHeaderReader, SpdyHeaderWriter } from "./spdy_headers.ts";

/** SPDY/3.1's first window, in bytes, of a stream. */
const WINDOW_BYTES = 64 * 1024;
const DATA_FRAME_MAXIMUM_BYTES = 16 * 1024;
const STREAMS_MAXIMUM = 1024;
/** A peer that ignores windows gets this much ahead of a reader before its stream is reset. */
const RECEIVE_MAXIMUM_BYTES = 16 * 1024 * 1024;
const REFUSED_STREAM = 3, CANCEL = 5, FLOW_CONTROL_ERROR = 7;

/**
 * One side of a SPDY/3.1 connection over any pipe that keeps the order of bytes. Streams that the other side opens are
 * answered and handed to `onStream` in order. Sending does not wait for window updates where the peer gives none, as
 * clients of Kubernetes do not; what is received is acknowledged as it is read.
 */
export class SpdySession {
  readonly #pipe: MessagePipe;
  readonly #decoder = new SpdyDecoder();
  readonly #reader = new SpdyHeaderReader();
  readonly #writer = new SpdyHeaderWriter();
  readonly #streams = new Map<number, SpdyStream>();
  readonly #onStream: (stream: SpdyStream) => void;
  readonly #closed = Promise.withResolvers<void>();
  #turn: Promise<void> = Promise.resolve();
  #next: number;
  #ended = false;

  constructor(
    pipe: MessagePipe,
    side: "server" | "client",
    onStream: (stream: SpdyStream) => void,
  ) {
    this.#pipe = pipe;
    this.#onStream = onStream;
    this.#next = side === "server" ? 2 : 1;
    pipe.receive((message) => this.#receive(message), () => this.#end());
  }

  /** Resolves when the connection is over. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Opens a stream of our own. */
  async open(headers: ReadonlyMap<string, string>): Promise<SpdyStream> {
    const id = this.#next;
    this.#next += 2;
    const stream = this.#add(id, headers);
    const turn = this.#turn.then(async () => {
      this.send({
        type: "synStream",
        streamId: id,
        fin: false,
        headers: await this.#writer.write(headers),
      });
    });
    this.#turn = turn.catch(() => this.close());
    await turn;
    return stream;
  }

  close(): void {
    if (this.#ended) return;
    this.send({ type: "goAway", lastStreamId: 0, status: 0 });
    this.#pipe.close();
    this.#end();
  }

  send(frame: SpdyFrame): void {
    if (!this.#ended) this.#pipe.send(encodeSpdy(frame));
  }

  #receive(message: Uint8Array): void {
    let frames: SpdyFrame[];
    try {
      frames = this.#decoder.push(message);
    } catch {
      return this.close();
    }
    // Header blocks share one stream of compression: frames are taken strictly one after the other.
    for (const frame of frames) {
      this.#turn = this.#turn.then(() => this.#frame(frame)).catch(() => this.close());
    }
  }

  async #frame(frame: SpdyFrame): Promise<void> {
    switch (frame.type) {
      case "synStream": {
        const headers = await this.#reader.read(frame.headers);
        if (this.#streams.size >= STREAMS_MAXIMUM || this.#streams.has(frame.streamId)) {
          return this.send({ type: "reset", streamId: frame.streamId, status: REFUSED_STREAM });
        }
        const stream = this.#add(frame.streamId, headers);
        const reply = await this.#writer.write(new Map());
        this.send({ type: "synReply", streamId: frame.streamId, fin: false, headers: reply });
        if (frame.fin) stream.ended();
        this.#onStream(stream);
        return;
      }
      case "synReply":
      case "headers":
        await this.#reader.read(frame.headers);
        if (frame.fin) this.#streams.get(frame.streamId)?.ended();
        return;
      case "data": {
        const stream = this.#streams.get(frame.streamId);
        stream?.received(frame.payload);
        if (frame.fin) stream?.ended();
        return;
      }
      case "reset":
        this.#streams.get(frame.streamId)?.lost(new Error("the stream was reset"));
        return;
      case "ping":
        // Ours are of the other parity and only come back.
        if (frame.id % 2 !== this.#next % 2) this.send(frame);
        return;
      case "goAway":
        this.#pipe.close();
        return this.#end();
      default:
        return;
    }
  }

  #add(id: number, headers: ReadonlyMap<string, string>): SpdyStream {
    const stream = new SpdyStream(id, headers, this, () => this.#streams.delete(id));
    this.#streams.set(id, stream);
    return stream;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const stream of [...this.#streams.values()]) {
      stream.lost(new Error("the connection is closed"));
    }
    this.#closed.resolve();
  }
}

/** One stream of a session. Closing `writable` half-closes it. */
export class SpdyStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #waiting = 0;
  #readEnded = false;
  #writeEnded = false;
  #failure: Error | undefined;

  constructor(
    readonly id: number,
    readonly headers: ReadonlyMap<string, string>,
    readonly session: SpdySession,
    readonly forget: () => void,
  ) {
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#acknowledge(),
      cancel: () => this.reset(),
    }, new ByteLengthQueuingStrategy({ highWaterMark: WINDOW_BYTES }));
    this.writable = new WritableStream<Uint8Array>({
      write: (chunk) => {
        if (this.#failure !== undefined) throw this.#failure;
        for (let from = 0; from < chunk.length; from += DATA_FRAME_MAXIMUM_BYTES) {
          const payload = chunk.subarray(from, from + DATA_FRAME_MAXIMUM_BYTES);
          this.session.send({ type: "data", streamId: this.id, fin: false, payload });
        }
      },
      close: () => {
        this.session.send({
          type: "data",
          streamId: this.id,
          fin: true,
          payload: new Uint8Array(),
        });
        this.#writeEnded = true;
        this.#finish();
      },
      abort: () => this.reset(),
    });
  }

  reset(): void {
    if (this.#failure !== undefined || (this.#readEnded && this.#writeEnded)) return;
    this.session.send({ type: "reset", streamId: this.id, status: CANCEL });
    this.lost(new Error("the stream was given up"));
  }

  received(payload: Uint8Array): void {
    if (this.#readEnded || this.#failure !== undefined || payload.length === 0) return;
    this.#waiting += payload.length;
    if (-(this.#controller.desiredSize ?? 0) > RECEIVE_MAXIMUM_BYTES) {
      this.session.send({ type: "reset", streamId: this.id, status: FLOW_CONTROL_ERROR });
      return this.lost(new Error("the other side ignores the window"));
    }
    this.#controller.enqueue(payload);
  }

  /** The other side has half-closed. */
  ended(): void {
    if (this.#readEnded || this.#failure !== undefined) return;
    this.#readEnded = true;
    this.#controller.close();
    this.#finish();
  }

  /** The stream is over without a word to the other side. */
  lost(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.forget();
    if (this.#readEnded) return;
    try {
      this.#controller.error(error);
    } catch {
      // Its reader has cancelled it.
    }
  }

  #acknowledge(): void {
    const queued = WINDOW_BYTES - (this.#controller.desiredSize ?? 0);
    const read = this.#waiting - queued;
    if (read <= 0 || this.#failure !== undefined) return;
    this.#waiting -= read;
    this.session.send({ type: "windowUpdate", streamId: this.id, delta: read });
  }

  #finish(): void {
    if (this.#readEnded && this.#writeEnded) this.forget();
  }
}
