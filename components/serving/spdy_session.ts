import type { MessagePipe } from "./message_pipe.ts";
import type { PausablePipe } from "./raw_connection.ts";
import { encodeSpdy, SpdyDecoder, type SpdyFrame } from "./spdy_frames.ts";
import { SpdyHeaderReader, SpdyHeaderWriter } from "./spdy_headers.ts";

const DATA_FRAME_MAXIMUM_BYTES = 16 * 1024;
const STREAMS_MAXIMUM = 1024;
/** A peer that ignores windows gets this much ahead of a reader before its stream is reset. */
const RECEIVE_MAXIMUM_BYTES = 16 * 1024 * 1024;
/** A pipe that can wait is told to when this much of it waits for readers, and to go on at the half. */
const PAUSE_BYTES = 1024 * 1024;
const REFUSED_STREAM = 3, CANCEL = 5, FLOW_CONTROL_ERROR = 7;

/**
 * One side of a SPDY/3.1 connection over any pipe that keeps the order of bytes. Streams that the other side opens are
 * answered and handed to `onStream` in order. Sending does not wait for window updates where the peer gives none, as
 * clients of Kubernetes do not; what is received is acknowledged as it is read. A pipe that can be paused is, so that
 * one stream that is not read holds the others up, as it does in every server of this protocol without windows.
 */
export class SpdySession {
  readonly #pipe: MessagePipe & Partial<PausablePipe>;
  readonly #decoder = new SpdyDecoder();
  readonly #reader = new SpdyHeaderReader();
  readonly #writer = new SpdyHeaderWriter();
  readonly #streams = new Map<number, SpdyStream>();
  readonly #onStream: (stream: SpdyStream) => void;
  readonly #closed = Promise.withResolvers<void>();
  #turn: Promise<void> = Promise.resolve();
  #next: number;
  /** The number of the stream that the other side opened last. */
  #latest = 0;
  #ended = false;
  #unread = 0;
  #paused = false;

  constructor(
    pipe: MessagePipe & Partial<PausablePipe>,
    side: "server" | "client",
    onStream: (stream: SpdyStream) => void,
  ) {
    this.#pipe = pipe;
    this.#onStream = onStream;
    this.#next = side === "server" ? 2 : 1;
    // What came before the end is taken before it.
    pipe.receive((message) => this.#receive(message), () => {
      this.#turn = this.#turn.then(() => this.#end());
    });
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

  /** Bytes that were sent but have not left this process. */
  get buffered(): number {
    return this.#pipe.buffered;
  }

  /** Whether the other side can be made to wait, so that nothing need be reset for want of room. */
  get canPause(): boolean {
    return this.#pipe.pause !== undefined;
  }

  /** Streams tell what they hold more, or less, of bytes that nobody has read. */
  holds(bytes: number): void {
    this.#unread += bytes;
    if (!this.#paused && this.#unread > PAUSE_BYTES && this.#pipe.pause !== undefined) {
      this.#paused = true;
      this.#pipe.pause();
    } else if (this.#paused && this.#unread <= PAUSE_BYTES / 2) {
      this.#paused = false;
      this.#pipe.resume?.();
    }
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
    if (this.#ended) return;
    switch (frame.type) {
      case "synStream": {
        const headers = await this.#reader.read(frame.headers);
        const wrongSide = frame.streamId % 2 === this.#next % 2;
        if (wrongSide || frame.streamId === 0 || frame.streamId < this.#latest) {
          throw new Error("a SPDY stream's number is not the next");
        }
        this.#latest = frame.streamId;
        if (this.#streams.size >= STREAMS_MAXIMUM || this.#streams.has(frame.streamId)) {
          return this.send({ type: "reset", streamId: frame.streamId, status: REFUSED_STREAM });
        }
        const reply = await this.#writer.write(new Map());
        // The connection may have ended meanwhile: then nobody would end the stream.
        if (this.#ended) return;
        const stream = this.#add(frame.streamId, headers);
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
    this.#reader.close();
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
  readonly #queue: Uint8Array[] = [];
  #unread = 0;
  #wanted: (() => void) | undefined;
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
      pull: () => this.#pull(),
      cancel: () => this.#giveUp(),
    }, { highWaterMark: 0 });
    this.writable = new WritableStream<Uint8Array>({
      write: (chunk) => {
        if (this.#failure !== undefined) throw this.#failure;
        this.send(chunk);
      },
      close: () => this.end(),
      abort: () => this.reset(),
    });
  }

  /** Sends without waiting; who calls this minds the session's `buffered`. */
  send(chunk: Uint8Array): void {
    if (this.#failure !== undefined || this.#writeEnded) return;
    for (let from = 0; from < chunk.length; from += DATA_FRAME_MAXIMUM_BYTES) {
      const payload = chunk.subarray(from, from + DATA_FRAME_MAXIMUM_BYTES);
      this.session.send({ type: "data", streamId: this.id, fin: false, payload });
    }
  }

  /** Half-closes. */
  end(): void {
    if (this.#failure !== undefined || this.#writeEnded) return;
    this.#writeEnded = true;
    this.session.send({ type: "data", streamId: this.id, fin: true, payload: new Uint8Array() });
    this.#finish();
  }

  /** Nobody reads on: what waits is forgotten, and the other side told to stop. */
  #giveUp(): void {
    this.session.holds(-this.#unread);
    this.#unread = 0;
    this.#queue.length = 0;
    this.reset();
  }

  reset(): void {
    if (this.#failure !== undefined || (this.#readEnded && this.#writeEnded)) return;
    this.session.send({ type: "reset", streamId: this.id, status: CANCEL });
    this.lost(new Error("the stream was given up"));
  }

  received(payload: Uint8Array): void {
    if (this.#readEnded || this.#failure !== undefined || payload.length === 0) return;
    this.#unread += payload.length;
    this.session.holds(payload.length);
    if (!this.session.canPause && this.#unread > RECEIVE_MAXIMUM_BYTES) {
      this.session.send({ type: "reset", streamId: this.id, status: FLOW_CONTROL_ERROR });
      return this.lost(new Error("the other side ignores the window"));
    }
    this.#queue.push(payload);
    this.#wake();
  }

  /** The other side has half-closed. */
  ended(): void {
    if (this.#readEnded || this.#failure !== undefined) return;
    this.#readEnded = true;
    this.#wake();
    this.#finish();
  }

  /** The stream is over without a word to the other side. */
  lost(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.forget();
    // What came whole is read to its end, whatever becomes of the connection.
    if (this.#readEnded) return;
    this.session.holds(-this.#unread);
    this.#unread = 0;
    this.#queue.length = 0;
    this.#wake();
    try {
      this.#controller.error(error);
    } catch {
      // Its reader has cancelled it.
    }
  }

  /** Hands out the next of what has come, or waits for it. */
  async #pull(): Promise<void> {
    if (this.#queue.length === 0 && !this.#readEnded && this.#failure === undefined) {
      await new Promise<void>((resolve) => this.#wanted = resolve);
    }
    const payload = this.#queue.shift();
    if (payload === undefined) {
      if (this.#readEnded) this.#controller.close();
      return;
    }
    this.#unread -= payload.length;
    this.session.holds(-payload.length);
    if (this.#failure === undefined) {
      this.session.send({ type: "windowUpdate", streamId: this.id, delta: payload.length });
    }
    this.#controller.enqueue(payload);
  }

  #wake(): void {
    this.#wanted?.();
    this.#wanted = undefined;
  }

  #finish(): void {
    if (this.#readEnded && this.#writeEnded) this.forget();
  }
}
