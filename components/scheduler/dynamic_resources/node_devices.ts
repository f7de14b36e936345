import type { NodeTerms } from "../volumes/volume_view.ts";
import type { AllocatedDevices } from "./allocated_devices.ts";
import type { ClaimPlan } from "./claim_plan.ts";
import {
  type ClaimChoice,
  DeviceSearch,
  type SearchBudget,
  SearchTimeout,
} from "./device_search.ts";
import type { DeviceSelectors } from "./device_selectors.ts";
import type { PoolIndex } from "./pool_index.ts";

/** What allocation looks at. */
export interface DeviceView {
  readonly pools: PoolIndex;
  readonly allocated: AllocatedDevices;
  readonly selectors: DeviceSelectors;
  readonly nodes: NodeTerms;
}

export const CANNOT_ALLOCATE = "cannot allocate all claims";
export const INVALID_POOLS = "invalid resource pools were encountered";
export const TIMED_OUT = "timed out trying to allocate devices";

/** What claims get on a node, or why they do not get it there. Throws AllocationError where no node can help. */
export function chooseDevices(
  claims: readonly ClaimPlan[],
  node: string,
  { pools: index, allocated, selectors, nodes }: DeviceView,
  budget: SearchBudget,
): readonly ClaimChoice[] | string {
  const pools = index.poolsOf(node, nodes);
  try {
    const found = new DeviceSearch(claims, pools, allocated, selectors, budget).run();
    if (found !== undefined) return found;
  } catch (error) {
    if (error instanceof SearchTimeout) return TIMED_OUT;
    throw error;
  }
  return pools.some(({ unusable }) => unusable === "invalid") ? INVALID_POOLS : CANNOT_ALLOCATE;
}
