import { Buffer } from "node:buffer";
import * as net from "node:net";
import type { Clock, Logger } from "../base/mod.ts";
import type { DoorPeer } from "./door.ts";
import { passRequests } from "./pass_requests.ts";
import { RawUpgrades } from "./raw_upgrades.ts";
import { isRawUpgrade } from "./request_head.ts";
import { RequestStream } from "./request_stream.ts";

export interface UpgradeFrontOptions {
  /** A unix socket in a folder that only this user can enter; one beside it is the server's own. */
  readonly path: string;
  readonly peer: DoorPeer;
  readonly clock: Clock;
  readonly logger: Logger;
  handle(request: Request, peer: DoorPeer): Promise<Response>;
}

/** What a door is to TLS connections, for those of one peer on a unix socket: requests may take theirs over. */
export class UpgradeFront {
  readonly #options: UpgradeFrontOptions;
  readonly #server: net.Server;
  readonly #inner: Deno.HttpServer;
  readonly #raw: RawUpgrades;
  readonly #sockets = new Set<net.Socket>();

  private constructor(options: UpgradeFrontOptions) {
    this.#options = options;
    const { handle, logger, peer } = options;
    this.#raw = new RawUpgrades(handle, logger);
    this.#inner = Deno.serve(
      { path: this.#innerPath, onListen() {} },
      (request) => handle(request, peer),
    );
    this.#server = net.createServer((socket) => this.#serve(socket));
  }

  /** Sockets that a process which was killed has left behind are taken over. */
  static async open(options: UpgradeFrontOptions): Promise<UpgradeFront> {
    for (const path of [options.path, `${options.path}${INNER}`]) {
      await Deno.remove(path).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
    const front = new UpgradeFront(options);
    await new Promise<void>((resolve, reject) => {
      front.#server.once("error", reject);
      front.#server.listen(options.path, () => resolve());
    });
    return front;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await this.#inner.shutdown();
    await closed;
  }

  get #innerPath(): string {
    return `${this.#options.path}${INNER}`;
  }

  #serve(socket: net.Socket): void {
    const { clock, peer } = this.#options;
    this.#sockets.add(socket);
    const upstream = net.connect({ path: this.#innerPath });
    const close = () => {
      this.#sockets.delete(socket);
      upstream.destroy();
      socket.destroy();
    };
    socket.on("close", close);
    socket.on("error", close);
    upstream.on("error", close);
    upstream.pipe(socket);
    const requests = new RequestStream((head) => isRawUpgrade(head));
    passRequests({ socket, upstream, requests, clock }, Buffer.alloc(0), (head) => {
      upstream.unpipe(socket);
      upstream.off("error", close);
      upstream.destroy();
      this.#raw.serve(socket, head, peer);
    });
  }
}

const INNER = ".http";
