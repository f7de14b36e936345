/** A byte stream in both directions. Closing `writable` half-closes; cancelling `readable` gives up reading. */
export interface Duplex {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  close(): void;
}

/** Where to: a plain address, or a node's network as seen from inside that node. */
export interface DialTarget {
  readonly host: string;
  readonly port: number;
  /** The node through whose network the address is reachable, when the caller has no route of its own. */
  readonly node?: string;
}

/**
 * How a server reaches addresses of the cluster. The API server cannot route to pods, Services or kubelets of a
 * rootless node: `Dial` goes directly where there is a route, else through the tunnel that the node's agent opened.
 */
export interface Dial {
  /** Opens a TCP stream. Rejects with an Error whose message names the target and says why. */
  connect(target: DialTarget, signal?: AbortSignal): Promise<Duplex>;
}

/** A TCP or unix connection as a stream in both directions. */
export function connectionDuplex(connection: Deno.TcpConn | Deno.UnixConn): Duplex {
  return {
    readable: connection.readable,
    writable: connection.writable,
    close: () => {
      try {
        connection.close();
      } catch {
        // Closed already by the end of its streams.
      }
    },
  };
}

/** Goes everywhere by the machine's own routes. */
export const directDial: Dial = {
  async connect({ host, port }, signal) {
    signal?.throwIfAborted();
    const connection = await connectTcp(host, port);
    connection.setNoDelay(true);
    return connectionDuplex(connection);
  },
};

/** Opens a TCP connection. Rejects with what Kubernetes' components say of one that fails. */
export async function connectTcp(hostname: string, port: number): Promise<Deno.TcpConn> {
  try {
    return await Deno.connect({ hostname, port });
  } catch (error) {
    throw new Error(`dial tcp${dialProblem(hostname, port, error)}`, { cause: error });
  }
}

/** What the system calls go wrong with, by the number that the runtime quotes. */
const PROBLEMS: Readonly<Record<string, string>> = {
  "101": "connect: network is unreachable",
  "104": "connect: connection reset by peer",
  "110": "connect: connection timed out",
  "111": "connect: connection refused",
  "113": "connect: no route to host",
};

function dialProblem(host: string, port: number, error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  if (/failed to lookup address|name or service not known/i.test(why)) {
    return `: lookup ${host}: no such host`;
  }
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const number = /\(os error (\d+)\)/.exec(why)?.[1] ?? "";
  return ` ${address}: ${PROBLEMS[number] ?? why}`;
}
