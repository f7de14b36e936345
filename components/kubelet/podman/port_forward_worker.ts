/// <reference lib="deno.worker" />
/**
 * Runs in a worker: enters a network namespace with its thread, opens one TCP connection there and relays it. Only
 * the calling thread changes its namespace, and every socket of this worker is made by that thread.
 */
export interface ForwardStart {
  readonly netns: string;
  readonly port: number;
}
/** From the worker: `open` once connected, data (with the reader's leave), `end` of the data, or a failure. */
export type FromWorker =
  | { readonly kind: "open" }
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  | { readonly kind: "end" }
  | { readonly kind: "failed"; readonly message: string };
export type ToWorker =
  | { readonly kind: "start"; readonly start: ForwardStart }
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  | { readonly kind: "more" }
  | { readonly kind: "end" };

const CLONE_NEWNET = 0x40000000;
const O_RDONLY = 0;

function enterNetwork(path: string): void {
  const library = Deno.dlopen("libc.so.6", {
    open: { parameters: ["buffer", "i32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
    setns: { parameters: ["i32", "i32"], result: "i32" },
  });
  const { open, close, setns } = library.symbols;
  const file = open(new TextEncoder().encode(path + "\0"), O_RDONLY);
  if (file < 0) throw new Error(`cannot open network namespace ${path}`);
  const entered = setns(file, CLONE_NEWNET);
  close(file);
  if (entered !== 0) throw new Error(`cannot enter network namespace ${path}`);
}

async function connect(port: number): Promise<Deno.TcpConn> {
  try {
    return await Deno.connect({ hostname: "127.0.0.1", port });
  } catch (error) {
    return await Deno.connect({ hostname: "::1", port }).catch(() => {
      throw error;
    });
  }
}

const scope = self as unknown as {
  postMessage(message: FromWorker): void;
  onmessage: ((event: { data: ToWorker }) => void) | null;
  close(): void;
};

let connection: Deno.TcpConn | undefined;
let writing: Promise<unknown> = Promise.resolve();

async function begin({ netns, port }: ForwardStart): Promise<void> {
  try {
    enterNetwork(netns);
    connection = await connect(port);
    scope.postMessage({ kind: "open" });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    scope.postMessage({ kind: "failed", message });
  }
}

/** One read for each leave: the reader's pace is the connection's. */
async function readOnce(): Promise<void> {
  const buffer = new Uint8Array(32 * 1024);
  try {
    const count = await connection?.read(buffer) ?? null;
    if (count === null) scope.postMessage({ kind: "end" });
    else scope.postMessage({ kind: "data", bytes: buffer.subarray(0, count) });
  } catch {
    scope.postMessage({ kind: "end" });
  }
}

async function write(bytes: Uint8Array): Promise<void> {
  for (let sent = 0; connection !== undefined && sent < bytes.length;) {
    sent += await connection.write(bytes.subarray(sent));
  }
}

scope.onmessage = ({ data }) => {
  switch (data.kind) {
    case "start":
      void begin(data.start);
      return;
    case "more":
      void readOnce();
      return;
    case "data":
      writing = writing.then(() => write(data.bytes)).catch(() => connection?.close());
      return;
    case "end":
      writing = writing.then(() => connection?.closeWrite()).catch(() => {});
      return;
  }
};
