import { invariant, isJsonObject } from "../base/mod.ts";
import type { DialTarget, Duplex } from "./dial.ts";
import type { MessagePipe } from "./message_pipe.ts";

/** Bytes a stream may have under way before its reader grants more. */
const WINDOW_BYTES = 256 * 1024;
const FRAME_MAXIMUM_BYTES = 32 * 1024;
const STREAMS_MAXIMUM = 4096;
const OPEN_PAYLOAD_MAXIMUM_BYTES = 1024;

const OPEN = 1, OPENED = 2, DATA = 3, END = 4, RESET = 5, CREDIT = 6, STOP = 7;

/** Accepts a stream that the other side opens: answers the far end to join it to, or rejects. */
export type Acceptor = (target: DialTarget, signal: AbortSignal) => Promise<Duplex>;

/**
 * Many byte streams over one message pipe. A frame is its type (1 byte), the stream's number (4 bytes, big-endian) and
 * a payload. The side that listens numbers its streams even, the other odd. Each stream has its own credit, so one
 * that is not read stops only itself. The pipe's end resets every stream.
 */
export class Multiplexer {
  readonly #pipe: MessagePipe;
  readonly #accept: Acceptor;
  readonly #streams = new Map<number, Stream>();
  #next: number;
  #closed = false;

  constructor(pipe: MessagePipe, side: "listener" | "dialer", accept: Acceptor) {
    this.#pipe = pipe;
    this.#accept = accept;
    this.#next = side === "listener" ? 2 : 1;
    pipe.receive((message) => this.#frame(message), () => this.#end());
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Opens a stream to a target on the other side. */
  async open(target: DialTarget, signal?: AbortSignal): Promise<Duplex> {
    const name = `${target.host}:${target.port}`;
    if (this.#closed) throw new Error(`dial ${name}: the tunnel is closed`);
    if (this.#streams.size >= STREAMS_MAXIMUM) throw new Error(`dial ${name}: too many streams`);
    const stream = this.#add(this.#next);
    this.#next += 2;
    const abort = () => stream.reset(`dial ${name}: given up`);
    signal?.addEventListener("abort", abort, { once: true });
    this.#send(OPEN, stream.id, new TextEncoder().encode(JSON.stringify(target)));
    try {
      await stream.opened.promise;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
    return stream;
  }

  close(): void {
    this.#pipe.close();
    this.#end();
  }

  #add(id: number): Stream {
    const stream = new Stream(
      id,
      (type, payload) => this.#send(type, id, payload),
      () => this.#streams.delete(id),
    );
    this.#streams.set(id, stream);
    return stream;
  }

  #send(type: number, id: number, payload: Uint8Array): void {
    if (this.#closed) return;
    const frame = new Uint8Array(5 + payload.length);
    frame[0] = type;
    new DataView(frame.buffer).setUint32(1, id);
    frame.set(payload, 5);
    this.#pipe.send(frame);
  }

  #frame(message: Uint8Array): void {
    if (message.length < 5) return this.close();
    const type = message[0];
    const id = new DataView(message.buffer, message.byteOffset).getUint32(1);
    const payload = message.subarray(5);
    if (type === OPEN) {
      if (payload.length > OPEN_PAYLOAD_MAXIMUM_BYTES || this.#streams.has(id)) return this.close();
      void this.#join(id, payload);
      return;
    }
    // A stream that has ended here may still get frames that were under way.
    if (this.#streams.get(id)?.frame(type ?? 0, payload) === false) this.close();
  }

  async #join(id: number, payload: Uint8Array): Promise<void> {
    if (this.#streams.size >= STREAMS_MAXIMUM) {
      this.#send(RESET, id, new TextEncoder().encode("too many streams"));
      return;
    }
    const stream = this.#add(id);
    try {
      const far = await this.#accept(targetOf(payload), stream.aborted.signal);
      stream.opened.resolve();
      this.#send(OPENED, id, new Uint8Array());
      join(stream, far);
    } catch (error) {
      stream.reset(error instanceof Error ? error.message : String(error));
    }
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const stream of [...this.#streams.values()]) stream.lost("the tunnel is closed");
  }
}

/**
 * Copies both ways, each until its own end: what one side still has to say is delivered though it no longer listens.
 * Then both are closed.
 */
export function join(a: Duplex, b: Duplex): void {
  void Promise.allSettled([a.readable.pipeTo(b.writable), b.readable.pipeTo(a.writable)]).then(
    () => {
      a.close();
      b.close();
    },
  );
}

function targetOf(payload: Uint8Array): DialTarget {
  const target: unknown = JSON.parse(new TextDecoder().decode(payload));
  invariant(
    isJsonObject(target) && typeof target["host"] === "string" &&
      typeof target["port"] === "number",
    "a dial target has a host and a port",
  );
  return { host: target["host"], port: target["port"] };
}

class Stream implements Duplex {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly opened = Promise.withResolvers<void>();
  readonly aborted = new AbortController();
  #reader!: ReadableStreamDefaultController<Uint8Array>;
  #credit = WINDOW_BYTES;
  #waiting: PromiseWithResolvers<void> | undefined;
  #received = 0;
  #unacknowledged = 0;
  #readEnded = false;
  #writeEnded = false;
  #failure: Error | undefined;
  #stopped: Error | undefined;

  constructor(
    readonly id: number,
    readonly send: (type: number, payload: Uint8Array) => void,
    readonly forget: () => void,
  ) {
    this.opened.promise.catch(() => {});
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#reader = controller;
      },
      pull: () => this.#acknowledge(),
      cancel: () => {
        // Only this direction is given up: what we still send may be wanted.
        if (this.#readEnded) return;
        this.#readEnded = true;
        this.send(STOP, new Uint8Array());
        this.#finish();
      },
    }, new ByteLengthQueuingStrategy({ highWaterMark: WINDOW_BYTES }));
    this.writable = new WritableStream<Uint8Array>({
      write: (chunk) => this.#write(chunk),
      close: () => {
        if (this.#writeEnded) return;
        this.send(END, new Uint8Array());
        this.#writeEnded = true;
        this.#finish();
      },
      abort: (reason) => this.reset(String(reason)),
    });
  }

  close(): void {
    this.reset("closed");
  }

  reset(message: string): void {
    if (this.#failure !== undefined || (this.#readEnded && this.#writeEnded)) return;
    this.send(RESET, new TextEncoder().encode(message.slice(0, 512)));
    this.lost(message);
  }

  /** The stream is over without a word to the other side. */
  lost(message: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = new Error(message);
    this.forget();
    this.opened.reject(this.#failure);
    this.aborted.abort(this.#failure);
    this.#waiting?.reject(this.#failure);
    try {
      if (!this.#readEnded) this.#reader.error(this.#failure);
    } catch {
      // Already cancelled by its reader.
    }
  }

  /** False when the other side broke the rules. */
  frame(type: number, payload: Uint8Array): boolean {
    switch (type) {
      case OPENED:
        this.opened.resolve();
        return true;
      case DATA:
        // What was under way when reading was given up.
        if (this.#readEnded) return true;
        this.#received += payload.length;
        if (this.#received > WINDOW_BYTES) return false;
        this.#reader.enqueue(payload.slice());
        return true;
      case END:
        if (this.#readEnded) return true;
        this.#readEnded = true;
        this.#reader.close();
        this.#finish();
        return true;
      case STOP:
        this.#writeEnded = true;
        this.#stopped = new Error("the other side reads no more");
        this.#waiting?.reject(this.#stopped);
        this.#finish();
        return true;
      case RESET:
        this.lost(new TextDecoder().decode(payload) || "reset by the other side");
        return true;
      case CREDIT:
        if (payload.length !== 4) return false;
        this.#credit += new DataView(payload.buffer, payload.byteOffset).getUint32(0);
        this.#waiting?.resolve();
        this.#waiting = undefined;
        return true;
      default:
        return false;
    }
  }

  async #write(chunk: Uint8Array): Promise<void> {
    for (let from = 0; from < chunk.length;) {
      const failure = this.#failure ?? this.#stopped;
      if (failure !== undefined) throw failure;
      if (this.#credit === 0) {
        this.#waiting ??= Promise.withResolvers();
        await this.#waiting.promise;
        continue;
      }
      const to = Math.min(chunk.length, from + this.#credit, from + FRAME_MAXIMUM_BYTES);
      this.#credit -= to - from;
      this.send(DATA, chunk.subarray(from, to));
      from = to;
    }
  }

  #acknowledge(): void {
    // Called when the queue has room: what was received and is no longer queued has been read.
    const queued = WINDOW_BYTES - (this.#reader.desiredSize ?? 0);
    const read = this.#received - queued;
    if (read <= 0) return;
    this.#received -= read;
    this.#unacknowledged += read;
    const payload = new Uint8Array(4);
    new DataView(payload.buffer).setUint32(0, this.#unacknowledged);
    this.#unacknowledged = 0;
    this.send(CREDIT, payload);
  }

  #finish(): void {
    if (this.#readEnded && this.#writeEnded) this.forget();
  }
}
