import type { Logger } from "../base/mod.ts";
import { connectionDuplex, type Dial, type DialTarget, directDial, type Duplex } from "./dial.ts";
import type { MessagePipe } from "./message_pipe.ts";
import { join, Multiplexer } from "./multiplexer.ts";
import { nodeStream, secureStream, webDuplex } from "./node_stream.ts";
import { makeSocketFolder } from "./socket_folder.ts";

/** Far ends that have a local socket of their own at once; the one unused longest is closed. */
const GATES_MAXIMUM = 256;

/** The name by which a node's agent knows its own kubelet. */
export const KUBELET_HOST = "kubelet";

interface Gate {
  readonly path: string;
  readonly client: Deno.HttpClient;
  readonly listener: Deno.UnixListener;
  /** Why the far end could not be reached the last time; undefined after one that could. */
  failure: string | undefined;
}

/**
 * The control plane's side of the tunnels: one a node, opened by that node's agent. `connect` goes through a node's
 * tunnel where the target names a node that has one, else directly.
 */
export class TunnelHub implements Dial {
  readonly #tunnels = new Map<string, Multiplexer>();
  readonly #gates = new Map<string, Gate>();
  readonly #logger: Logger;
  readonly #socketParent: string | undefined;
  #directory: Promise<string> | undefined;
  #count = 0;
  #closed = false;

  /** `socketParent` is where the folder of the gates is made. */
  constructor(logger: Logger, socketParent?: string) {
    this.#logger = logger;
    this.#socketParent = socketParent;
  }

  /** Takes a node's tunnel; an older one of the same node is closed. One that comes after the end is closed at once. */
  add(node: string, pipe: MessagePipe): void {
    if (this.#closed) return pipe.close();
    this.#tunnels.get(node)?.close();
    this.#tunnels.set(
      node,
      new Multiplexer(pipe, "listener", () => Promise.reject(new Error("nodes may not dial in"))),
    );
    this.#logger.info("tunnel open", { node });
  }

  has(node: string): boolean {
    const tunnel = this.#tunnels.get(node);
    return tunnel !== undefined && !tunnel.closed;
  }

  async connect(target: DialTarget, signal?: AbortSignal): Promise<Duplex> {
    const tunnel = target.node === undefined ? undefined : this.#tunnels.get(target.node);
    if (tunnel !== undefined && !tunnel.closed) return tunnel.open(target, signal);
    return await directDial.connect(target, signal);
  }

  /**
   * An HTTP client whose every connection goes to the target, whatever address a request names: plain HTTP (`http:`,
   * `ws:`) over a socket in a folder that only this user can enter.
   */
  async client(target: DialTarget): Promise<Deno.HttpClient> {
    return (await this.#gate(target, false)).client;
  }

  /**
   * The path of that socket, good for a connection that is opened at once. With `secure` the far side is spoken to in
   * TLS, whatever certificate it has.
   */
  async socketPath(target: DialTarget, secure: boolean): Promise<string> {
    return (await this.#gate(target, secure)).path;
  }

  /**
   * Why nothing came of a connection over the client or the path: those only see that it ended. Undefined where the
   * target was reached.
   */
  failure(target: DialTarget, secure: boolean): string | undefined {
    return this.#gates.get(gateKey(target, secure))?.failure;
  }

  async #gate(target: DialTarget, secure: boolean): Promise<Gate> {
    const key = gateKey(target, secure);
    const known = this.#gates.get(key);
    if (known !== undefined) {
      this.#gates.delete(key);
      this.#gates.set(key, known);
      return known;
    }
    const gate = await this.#openGate(target, secure);
    this.#gates.set(key, gate);
    if (this.#gates.size > GATES_MAXIMUM) {
      const [oldest, idle] = this.#gates.entries().next().value!;
      this.#gates.delete(oldest);
      closeGate(idle);
    }
    return gate;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const tunnel of this.#tunnels.values()) tunnel.close();
    for (const gate of this.#gates.values()) closeGate(gate);
    this.#gates.clear();
    if (this.#directory !== undefined) {
      await Deno.remove(await this.#directory, { recursive: true }).catch(() => {});
    }
  }

  async #openGate(target: DialTarget, secure: boolean): Promise<Gate> {
    this.#directory ??= makeSocketFolder(this.#socketParent, "tunnel");
    const path = `${await this.#directory}/${this.#count++}`;
    const listener = Deno.listen({ transport: "unix", path });
    const client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
    const gate: Gate = { path, client, listener, failure: undefined };
    void this.#serve(gate, target, secure);
    return gate;
  }

  async #serve(gate: Gate, target: DialTarget, secure: boolean): Promise<void> {
    for await (const connection of gate.listener) {
      const local = connectionDuplex(connection);
      const far = secure ? this.#connectSecurely(target) : this.connect(target);
      far.then((open) => {
        gate.failure = undefined;
        join(local, open);
      }, (error) => {
        gate.failure = error instanceof Error ? error.message : String(error);
        this.#logger.debug("dial failed", { target, error: gate.failure });
        local.close();
      });
    }
  }

  async #connectSecurely(target: DialTarget): Promise<Duplex> {
    const plain = nodeStream(await this.connect(target));
    return webDuplex(await secureStream(plain, { host: target.host }));
  }
}

function gateKey({ host, node = "", port }: DialTarget, secure: boolean): string {
  return `${node}|${host}|${port}|${secure}`;
}

function closeGate(gate: Gate): void {
  gate.client.close();
  gate.listener.close();
  try {
    Deno.removeSync(gate.path);
  } catch {
    // Removed with its folder.
  }
}
