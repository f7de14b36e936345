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
  /** Opens a TCP stream. Rejects with an Error whose message names the target. */
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
    const connection = await Deno.connect({ hostname: host, port });
    connection.setNoDelay(true);
    return connectionDuplex(connection);
  },
};
