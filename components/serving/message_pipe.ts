/** Whole messages in both directions: a WebSocket, or a pair in memory. */
export interface MessagePipe {
  send(message: Uint8Array): void;
  /** Bytes that were sent but have not left this process. */
  readonly buffered: number;
  /** Sets who is told of messages, in order, and once of the end. Messages that came before are not lost. */
  receive(onMessage: (message: Uint8Array) => void, onEnd: (error?: Error) => void): void;
  close(): void;
}

/** Said on purpose: without a code the other side must take the end for a failure. */
export const NORMAL_CLOSURE = 1000;

/** Messages that may wait for a receiver to be set. */
const EARLY_MESSAGES_MAXIMUM = 1024;

/** How a socket's messages and a pipe's become each other. `decode` answers undefined for a breach of protocol. */
export interface PipeCodec {
  decode(data: unknown): Uint8Array | undefined;
  encode(message: Uint8Array): string | Uint8Array;
}

/** Binary messages as they are. */
export const BINARY_MESSAGES: PipeCodec = {
  decode: (data) => data instanceof ArrayBuffer ? new Uint8Array(data) : undefined,
  encode: (message) => message,
};

/** A pipe over a WebSocket. A message that `codec` does not know closes it: without one, a text message. */
export function webSocketPipe(socket: WebSocket, codec: PipeCodec = BINARY_MESSAGES): MessagePipe {
  socket.binaryType = "arraybuffer";
  let early: Uint8Array[] | undefined = [];
  let ended: { error?: Error } | undefined;
  let onMessage: ((message: Uint8Array) => void) | undefined;
  let onEnd: ((error?: Error) => void) | undefined;
  const end = (error?: Error) => {
    if (ended !== undefined) return;
    ended = error === undefined ? {} : { error };
    onEnd?.(error);
  };
  socket.onmessage = (event) => {
    const message = codec.decode(event.data);
    if (message === undefined) socket.close();
    else if (onMessage !== undefined) onMessage(message);
    else if (early !== undefined && early.length < EARLY_MESSAGES_MAXIMUM) early.push(message);
    else socket.close();
  };
  socket.onerror = (event) => end(new Error((event as ErrorEvent).message ?? "WebSocket failed"));
  socket.onclose = () => end();
  return {
    send(message) {
      if (socket.readyState !== WebSocket.OPEN) return;
      socket.send(codec.encode(message) as string | Uint8Array<ArrayBuffer>);
    },
    get buffered() {
      return socket.bufferedAmount;
    },
    receive(message, finished) {
      onMessage = message;
      onEnd = finished;
      for (const waiting of early ?? []) message(waiting);
      early = undefined;
      if (ended !== undefined) finished(ended.error);
    },
    close() {
      socket.close(NORMAL_CLOSURE);
    },
  };
}

/** Resolves when the socket is open; rejects when it fails before. */
export function opened(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.OPEN) return Promise.resolve();
  return new Promise((resolve, reject) => {
    socket.addEventListener("open", () => resolve(), { once: true });
    socket.addEventListener("close", () => reject(new Error("WebSocket closed")), { once: true });
    socket.addEventListener(
      "error",
      (event) => reject(new Error((event as ErrorEvent).message || "WebSocket failed")),
      { once: true },
    );
  });
}

/** Two ends of a pipe in this process. */
export function memoryPipes(): [MessagePipe, MessagePipe] {
  const ends = [0, 1].map(() => ({
    onMessage: undefined as ((message: Uint8Array) => void) | undefined,
    onEnd: undefined as (() => void) | undefined,
    early: [] as Uint8Array[],
  }));
  let closed = false;
  const pipe = (self: number): MessagePipe => ({
    send(message) {
      if (closed) return;
      const other = ends[1 - self]!;
      queueMicrotask(() => other.onMessage ? other.onMessage(message) : other.early.push(message));
    },
    buffered: 0,
    receive(onMessage, onEnd) {
      const end = ends[self]!;
      end.onMessage = onMessage;
      end.onEnd = onEnd;
      for (const message of end.early.splice(0)) onMessage(message);
      if (closed) queueMicrotask(() => onEnd());
    },
    close() {
      if (closed) return;
      closed = true;
      for (const end of ends) queueMicrotask(() => end.onEnd?.());
    },
  });
  return [pipe(0), pipe(1)];
}
