/** Whole messages in both directions: a WebSocket, or a pair in memory for tests. */
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

/** A pipe over a WebSocket. Text messages are a breach of protocol and close it. */
export function webSocketPipe(socket: WebSocket): MessagePipe {
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
    if (!(event.data instanceof ArrayBuffer)) return socket.close();
    const message = new Uint8Array(event.data);
    if (onMessage !== undefined) onMessage(message);
    else if (early !== undefined && early.length < EARLY_MESSAGES_MAXIMUM) early.push(message);
    else socket.close();
  };
  socket.onerror = (event) => end(new Error((event as ErrorEvent).message ?? "WebSocket failed"));
  socket.onclose = () => end();
  return {
    send(message) {
      if (socket.readyState === WebSocket.OPEN) socket.send(message as Uint8Array<ArrayBuffer>);
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
    },
    close() {
      if (closed) return;
      closed = true;
      for (const end of ends) queueMicrotask(() => end.onEnd?.());
    },
  });
  return [pipe(0), pipe(1)];
}
