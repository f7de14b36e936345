import { callSlirp, SLIRP_GUEST } from "./slirp.ts";

/** The protocols of which ports are led to nodes. */
export type PortProtocol = "tcp" | "udp";

/** Where forwarded ports are taken. */
export const FORWARD_ADDRESS = "127.0.0.1";

/** Another program of the machine has the port. */
export class PortInUseError extends Error {
  constructor(protocol: PortProtocol, port: number) {
    super(`${protocol} port ${port} of ${FORWARD_ADDRESS} is in use by another program`);
    this.name = "PortInUseError";
  }
}

/**
 * Ports of the machine's loopback that are ours, so that no program of the machine takes one whose packets go to a
 * node. Taking or giving back twice is fine.
 */
export interface PortClaims {
  /** Ports that were taken by a former process of ours and still are. */
  standing(): Promise<readonly { readonly protocol: PortProtocol; readonly port: number }[]>;
  /** Rejects with `PortInUseError`. */
  take(protocol: PortProtocol, port: number): Promise<void>;
  giveBack(protocol: PortProtocol, port: number): Promise<void>;
  /** Lets go of what ends with this process. */
  close(): void;
}

/** Rootless: slirp4netns listens and hands over to the fabric. It outlives us, and what it listens on does too. */
export function slirpClaims(socket: string): PortClaims {
  const list = async () => {
    const answer = await callSlirp(socket, { execute: "list_hostfwd" }) as {
      entries?: readonly { id: number; proto: PortProtocol; host_port: number }[];
    };
    return (answer.entries ?? []).map(({ id, proto, host_port }) => ({
      id,
      protocol: proto,
      port: host_port,
    }));
  };
  const find = async (protocol: PortProtocol, port: number) =>
    (await list()).filter((entry) => entry.protocol === protocol && entry.port === port);
  return {
    standing: list,
    async take(protocol, port) {
      if ((await find(protocol, port)).length > 0) return;
      try {
        await callSlirp(socket, {
          execute: "add_hostfwd",
          arguments: {
            proto: protocol,
            host_addr: FORWARD_ADDRESS,
            host_port: port,
            guest_addr: SLIRP_GUEST,
            guest_port: port,
          },
        });
      } catch (error) {
        // It does not say why: whether the port can be had does.
        (await hold(protocol, port)).close();
        throw error;
      }
    },
    async giveBack(protocol, port) {
      for (const { id } of await find(protocol, port)) {
        await callSlirp(socket, { execute: "remove_hostfwd", arguments: { id } });
      }
    },
    close() {},
  };
}

/** As root: sockets of this process, which nothing is ever read from: the rules catch every packet before. */
export function socketClaims(): PortClaims {
  const held = new Map<string, { close(): void }>();
  return {
    standing: () => Promise.resolve([]),
    async take(protocol, port) {
      const key = `${protocol}/${port}`;
      if (!held.has(key)) held.set(key, await hold(protocol, port));
    },
    giveBack(protocol, port) {
      const key = `${protocol}/${port}`;
      held.get(key)?.close();
      held.delete(key);
      return Promise.resolve();
    },
    close() {
      for (const socket of held.values()) socket.close();
      held.clear();
    },
  };
}

function hold(protocol: PortProtocol, port: number): Promise<{ close(): void }> {
  const address = { hostname: FORWARD_ADDRESS, port };
  try {
    return Promise.resolve(
      protocol === "tcp"
        ? Deno.listen(address)
        : Deno.listenDatagram({ transport: "udp", ...address }),
    );
  } catch (error) {
    const inUse = error instanceof Deno.errors.AddrInUse;
    return Promise.reject(inUse ? new PortInUseError(protocol, port) : error);
  }
}
