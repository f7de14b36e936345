import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A TCP line between a client and a server of a test, which can be cut and mended. */
export class CutLine {
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor(readonly port: number, readonly server: Server) {}

  static async to(port: number): Promise<CutLine> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const line = new CutLine((server.address() as AddressInfo).port, server);
    server.on("connection", (near) => line.#join(near, port));
    return line;
  }

  /** Ends what is connected and refuses what comes, until it is mended. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Lets nothing through any more, and nobody know. */
  freeze(): void {
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  mend(): void {
    this.#cut = false;
  }

  async end(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  #join(near: Socket, port: number): void {
    if (this.#cut) return void near.destroy();
    const far = connect(port, "127.0.0.1");
    for (const [from, to] of [[near, far], [far, near]] as const) {
      this.#sockets.add(from);
      from.on("error", () => from.destroy());
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}
