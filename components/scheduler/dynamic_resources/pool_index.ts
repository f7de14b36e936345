import type { Device, NodeSelector } from "../../api/mod.ts";
import type { NodeTerms } from "../volumes/volume_view.ts";
import { comparePools, type PoolContent, poolContent, type SliceRecord } from "./device_pool.ts";

/** A device that a node reaches. */
export interface NodeDevice {
  /** `driver/pool/device`. */
  readonly id: string;
  readonly device: Device;
  readonly slice: SliceRecord;
  readonly pool: PoolContent;
}

/** A pool as one node sees it. */
export interface NodePool {
  readonly pool: PoolContent;
  /** Nothing is taken from it. */
  readonly unusable: "incomplete" | "invalid" | undefined;
  /** In the order in which they are tried. */
  readonly devices: readonly NodeDevice[];
}

interface Pool {
  readonly slices: Map<string, SliceRecord>;
  /** Worked out when it is first asked for after a change. */
  content: PoolContent | undefined;
}

/** All resource slices, by pool and by the nodes that they are for. Bounded by the slices of the cluster. */
export class PoolIndex {
  readonly #pools = new Map<string, Pool>();
  readonly #slices = new Map<string, SliceRecord>();
  /** Pools with slices for one node alone, by the node's name. */
  readonly #local = new Map<string, Set<string>>();
  /** Pools with slices for several nodes. */
  readonly #wide = new Set<string>();
  /** What nodes see of a pool, as long as its slices stay. */
  readonly #byContent = new WeakMap<PoolContent, Map<string, NodePool | undefined>>();

  put(name: string, slice: SliceRecord | undefined): void {
    const before = this.#slices.get(name);
    if (before !== undefined) {
      this.#slices.delete(name);
      this.#change(before, undefined);
    }
    if (slice === undefined) return;
    this.#slices.set(name, slice);
    this.#change(slice, slice);
  }

  get size(): number {
    return this.#slices.size;
  }

  /** Whether any node but those with devices of their own reaches devices. */
  get isWide(): boolean {
    return this.#wide.size > 0;
  }

  /** Whether a node has devices of its own. */
  isLocal(node: string): boolean {
    return this.#local.has(node);
  }

  /** The pools that a node reaches, in the order in which they are tried. */
  poolsOf(node: string, nodes: NodeTerms): NodePool[] {
    const found: PoolContent[] = [];
    const seen = new Set<string>();
    for (const ids of [this.#local.get(node) ?? [], this.#wide]) {
      for (const id of ids) {
        if (seen.has(id)) continue;
        seen.add(id);
        const content = this.#contentOf(id);
        if (content !== undefined) found.push(content);
      }
    }
    if (found.length > 1) found.sort(comparePools);
    return found.flatMap((pool) => this.#seenBy(pool, node, nodes) ?? []);
  }

  #seenBy(pool: PoolContent, node: string, nodes: NodeTerms): NodePool | undefined {
    // Selectors have another answer when a node's labels change.
    if (hasSelectors(pool)) return poolOfNode(pool, node, nodes);
    let known = this.#byContent.get(pool);
    if (known === undefined) this.#byContent.set(pool, known = new Map());
    if (!known.has(node)) known.set(node, poolOfNode(pool, node, nodes));
    return known.get(node);
  }

  /** All devices of a pool, whichever nodes they are for. */
  contentOf(id: string): PoolContent | undefined {
    return this.#contentOf(id);
  }

  #contentOf(id: string): PoolContent | undefined {
    const pool = this.#pools.get(id);
    if (pool === undefined) return undefined;
    return pool.content ??= poolContent(pool.slices.values());
  }

  #change(slice: SliceRecord, current: SliceRecord | undefined): void {
    const id = `${slice.driver}/${slice.pool}`;
    const pool = this.#pools.get(id) ?? { slices: new Map(), content: undefined };
    pool.content = undefined;
    if (current === undefined) pool.slices.delete(slice.name);
    else pool.slices.set(slice.name, current);
    if (pool.slices.size === 0) this.#pools.delete(id);
    else this.#pools.set(id, pool);
    const all = [...pool.slices.values()];
    if (slice.nodeName !== "") {
      const local = this.#local.get(slice.nodeName) ?? new Set();
      if (all.some(({ nodeName }) => nodeName === slice.nodeName)) local.add(id);
      else local.delete(id);
      if (local.size === 0) this.#local.delete(slice.nodeName);
      else this.#local.set(slice.nodeName, local);
    } else if (all.some(isWide)) this.#wide.add(id);
    else this.#wide.delete(id);
  }
}

function hasSelectors({ slices }: PoolContent): boolean {
  return slices.some(({ nodeSelector, perDevice }) => nodeSelector !== undefined || perDevice);
}

/** Counters alone are no devices that a node could reach. */
const isWide = ({ nodeName, sharedCounters }: SliceRecord): boolean =>
  nodeName === "" && sharedCounters.length === 0;

function poolOfNode(pool: PoolContent, node: string, nodes: NodeTerms): NodePool | undefined {
  const devices: NodeDevice[] = [];
  let reached = false;
  for (const slice of pool.slices) {
    const reaches = slice.perDevice ||
      isFor(node, nodes, slice.nodeName, slice.allNodes, slice.nodeSelector);
    if (!reaches) continue;
    for (const device of slice.devices) {
      if (slice.perDevice) {
        const { nodeName = "", allNodes = false, nodeSelector } = device;
        if (!isFor(node, nodes, nodeName, allNodes, nodeSelector)) continue;
      }
      devices.push({ id: `${pool.id}/${device.name}`, device, slice, pool });
    }
    reached ||= !slice.perDevice || devices.length > 0;
  }
  if (!reached) return undefined;
  if (pool.incomplete) return { pool, unusable: "incomplete", devices: [] };
  const duplicate = pool.duplicateDevices &&
    new Set(devices.map(({ id }) => id)).size !== devices.length;
  if (duplicate || pool.invalid !== undefined) return { pool, unusable: "invalid", devices: [] };
  return { pool, unusable: undefined, devices };
}

function isFor(
  node: string,
  nodes: NodeTerms,
  nodeName: string,
  allNodes: boolean,
  selector: NodeSelector | undefined,
): boolean {
  if (nodeName !== "") return nodeName === node;
  if (allNodes) return true;
  return selector !== undefined && nodes.matching(selector.nodeSelectorTerms ?? []).has(node);
}
