import { applyRuleset } from "./nft.ts";
import { type PortClaims, PortInUseError, type PortProtocol } from "./port_claims.ts";
import { outputOf } from "./program.ts";

/** A port of the machine's 127.0.0.1 that leads to a node. */
export interface PortForward {
  readonly protocol: PortProtocol;
  readonly hostPort: number;
  readonly nodeAddress: string;
  readonly nodePort: number;
}

/** The map that the fabric's rules look a port up in. */
export const FORWARDS_MAP = "forwards";

/**
 * The forwards of a fabric: a port that is taken on the machine, and an element of the fabric's map that says where its
 * packets go. The kernel is the record of the latter, so that forwards outlive us and are known again.
 */
export class PortForwards {
  readonly #table: string;
  readonly #prefix: readonly string[];
  readonly #claims: PortClaims;
  #elements: Promise<Map<string, string>> | undefined;

  constructor(table: string, prefix: readonly string[], claims: PortClaims) {
    this.#table = table;
    this.#prefix = prefix;
    this.#claims = claims;
  }

  /** Every port that is forwarded, or was by a former process of ours. */
  async standing(): Promise<{ readonly protocol: PortProtocol; readonly hostPort: number }[]> {
    const keys = new Set((await this.#load()).keys());
    for (const { protocol, port } of await this.#claims.standing()) keys.add(keyOf(protocol, port));
    return [...keys].map((key) => {
      const [protocol, port] = key.split(" . ");
      return { protocol: protocol as PortProtocol, hostPort: Number(port) };
    });
  }

  /** Rejects with `PortInUseError`, and then leads the port nowhere. */
  async set({ protocol, hostPort, nodeAddress, nodePort }: PortForward): Promise<void> {
    const key = keyOf(protocol, hostPort);
    const elements = await this.#load();
    try {
      await this.#claims.take(protocol, hostPort);
    } catch (error) {
      if (error instanceof PortInUseError) await this.#point(elements, key, undefined);
      throw error;
    }
    await this.#point(elements, key, `${nodeAddress} . ${nodePort}`);
  }

  /** Takes every port again that is forwarded: who had taken them for us has ended. */
  async renew(): Promise<void> {
    for (const key of (await this.#load()).keys()) {
      const [protocol, port] = key.split(" . ");
      await this.#claims.take(protocol as PortProtocol, Number(port));
    }
  }

  /** Fine when there is none. */
  async remove(protocol: PortProtocol, hostPort: number): Promise<void> {
    await this.#point(await this.#load(), keyOf(protocol, hostPort), undefined);
    await this.#claims.giveBack(protocol, hostPort);
  }

  close(): void {
    this.#claims.close();
  }

  async #point(
    elements: Map<string, string>,
    key: string,
    target: string | undefined,
  ): Promise<void> {
    const former = elements.get(key);
    if (former === target) return;
    const map = `element ip ${this.#table} ${FORWARDS_MAP}`;
    await applyRuleset(
      [
        ...(former === undefined ? [] : [`delete ${map} { ${key} }`]),
        ...(target === undefined ? [] : [`add ${map} { ${key} : ${target} }`]),
        "",
      ].join("\n"),
      this.#prefix,
    );
    if (target === undefined) elements.delete(key);
    else elements.set(key, target);
  }

  #load(): Promise<Map<string, string>> {
    if (this.#elements === undefined) {
      const words = ["nft", "-j", "list", "map", "ip", this.#table, FORWARDS_MAP];
      this.#elements = outputOf([...this.#prefix, ...words]).then(parseElements);
      // What could not be read is read again.
      this.#elements.catch(() => this.#elements = undefined);
    }
    return this.#elements;
  }
}

function keyOf(protocol: PortProtocol, port: number): string {
  return `${protocol} . ${port}`;
}

interface NftMap {
  readonly map?: {
    readonly elem?: readonly (readonly [Concat, Concat])[];
  };
}
interface Concat {
  readonly concat: readonly (string | number)[];
}

/** The elements of a map as `nft -j list map` tells them: `tcp . 30080` to `10.213.0.2 . 30080`. Pure. */
export function parseElements(text: string): Map<string, string> {
  const { nftables } = JSON.parse(text) as { readonly nftables: readonly NftMap[] };
  const elements = nftables.flatMap(({ map }) => map?.elem ?? []);
  return new Map(
    elements.map(([key, value]) => [key.concat.join(" . "), value.concat.join(" . ")] as const),
  );
}
