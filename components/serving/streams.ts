/** Terminal size in character cells. */
export interface TerminalSize {
  readonly Width: number;
  readonly Height: number;
}

/**
 * The streams of one exec or attach session, whatever protocol carries them. A stream that the client did not ask for
 * is absent. The session's owner closes `stdout` and `stderr`; `stdin` ends when the client half-closes it.
 */
export interface ExecStreams {
  readonly stdin?: ReadableStream<Uint8Array>;
  readonly stdout?: WritableStream<Uint8Array>;
  readonly stderr?: WritableStream<Uint8Array>;
  readonly resize?: ReadableStream<TerminalSize>;
  readonly tty: boolean;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
}

/** One forwarded connection: bytes to and from `port`, and a place for one error text. */
export interface PortForwardStream {
  readonly port: number;
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /** Sends the error text on the error stream and closes both. */
  fail(message: string): Promise<void>;
}
