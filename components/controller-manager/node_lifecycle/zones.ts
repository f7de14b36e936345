import type { Node } from "../../api/mod.ts";
import { unhealthyKey } from "./node_taints.ts";

export type ZoneState = "normal" | "partial" | "full";

/** Upstream's defaults of the flags of the same names. */
const UNHEALTHY_ZONE_THRESHOLD = 0.55;
const LARGE_ZONE_NODES = 50;
const EVICTIONS_PER_SECOND = 0.1;
const SECONDARY_EVICTIONS_PER_SECOND = 0.01;

/** Where a node stands: region and zone. */
export function zoneOf(node: Node): string {
  const labels = node.metadata?.labels ?? {};
  const region = labels["topology.kubernetes.io/region"] ?? "";
  const zone = labels["topology.kubernetes.io/zone"] ?? "";
  return `${region}/${zone}`;
}

export interface Zone {
  readonly state: ZoneState;
  readonly nodes: number;
  /** Milliseconds between two nodes whose pods are driven out; infinite where none may be. */
  readonly evictionInterval: number;
}

/** Judges each zone by the share of its nodes that are not ready. */
export function judgeZones(nodes: Iterable<Node>): Map<string, Zone> {
  const counts = new Map<string, { ready: number; unready: number }>();
  for (const node of nodes) {
    if (node.metadata?.labels?.["node.kubernetes.io/exclude-disruption"] !== undefined) continue;
    const zone = zoneOf(node);
    let count = counts.get(zone);
    if (count === undefined) counts.set(zone, count = { ready: 0, unready: 0 });
    if (unhealthyKey(node) === undefined) count.ready++;
    else count.unready++;
  }
  const zones = new Map<string, Zone>();
  for (const [zone, { ready, unready }] of counts) {
    const total = ready + unready;
    const state = stateOf(ready, unready);
    zones.set(zone, { state, nodes: total, evictionInterval: intervalOf(state, total) });
  }
  return zones;
}

function stateOf(ready: number, unready: number): ZoneState {
  if (ready === 0 && unready > 0) return "full";
  if (unready > 2 && unready / (ready + unready) >= UNHEALTHY_ZONE_THRESHOLD) return "partial";
  return "normal";
}

function intervalOf(state: ZoneState, nodes: number): number {
  if (state !== "partial") return 1000 / EVICTIONS_PER_SECOND;
  return nodes > LARGE_ZONE_NODES ? 1000 / SECONDARY_EVICTIONS_PER_SECOND : Infinity;
}

/** True when nothing anywhere is ready: then it is the control plane that is cut off, and nothing is driven out. */
export function allDown(zones: ReadonlyMap<string, Zone>): boolean {
  return zones.size > 0 && [...zones.values()].every((zone) => zone.state === "full");
}
