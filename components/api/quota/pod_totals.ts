import type { Container, ContainerStatus, Pod } from "../generated/types.ts";
import { addAmounts, type Amounts, amountsOf, largerAmounts, maskAmounts } from "./amounts.ts";

/** What a pod asks for or is limited to. */
export interface PodTotals {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

/**
 * The amounts that a pod holds at its peak: all containers at once, or one init container together with the sidecars
 * that started before it, whichever is more; and the overhead. While a container is resized, the larger of what it
 * asks for and what it has counts.
 */
export function podTotals(pod: Pod): PodTotals {
  return { requests: totalOf(pod, "requests"), limits: totalOf(pod, "limits") };
}

function totalOf(pod: Pod, pick: "requests" | "limits"): Amounts {
  const { spec = {}, status } = pod;
  const held = heldAmounts(
    [...status?.containerStatuses ?? [], ...status?.initContainerStatuses ?? []],
    pick,
  );
  const isInfeasible =
    status?.conditions?.some(({ type, status, reason }) =>
      type === "PodResizePending" && status === "True" && reason === "Infeasible"
    ) ?? false;
  const of = ({ name = "", resources }: Container): Amounts => {
    const asked = amountsOf(resources?.[pick]);
    const has = held.get(name);
    if (has === undefined) return asked;
    return isInfeasible ? has : largerAmounts(asked, has);
  };
  let running: Amounts = new Map();
  for (const container of spec.containers ?? []) running = addAmounts(running, of(container));
  let sidecars: Amounts = new Map();
  let peak: Amounts = new Map();
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === "Always") {
      sidecars = addAmounts(sidecars, of(container));
      peak = largerAmounts(peak, sidecars);
    } else {
      peak = largerAmounts(peak, addAmounts(sidecars, of(container)));
    }
  }
  const all = largerAmounts(addAmounts(running, sidecars), peak);
  // What is said for the whole pod stands before what its containers add up to.
  const effective: Amounts = new Map([...all, ...podLevel(amountsOf(spec.resources?.[pick]))]);
  const overhead = amountsOf(spec.overhead);
  // Overhead raises a limit that there is; it makes none.
  return addAmounts(effective, pick === "requests" ? overhead : maskAmounts(overhead, effective));
}

/** What containers have been given, where their status says so. */
function heldAmounts(
  statuses: readonly ContainerStatus[],
  pick: "requests" | "limits",
): ReadonlyMap<string, Amounts> {
  const held = new Map<string, Amounts>();
  for (const { name = "", resources, allocatedResources } of statuses) {
    const actual = resources?.[pick];
    const allocated = pick === "requests" ? allocatedResources : undefined;
    if (actual === undefined && allocated === undefined) continue;
    held.set(name, largerAmounts(amountsOf(actual), amountsOf(allocated)));
  }
  return held;
}

const isPodLevel = (name: string): boolean =>
  name === "cpu" || name === "memory" || name.startsWith("hugepages-");

const podLevel = (amounts: Amounts): Amounts => maskAmounts(amounts, { has: isPodLevel });

/** True for a pod whose resources are said for the whole of it. */
export function hasPodLevelResources({ spec }: Pod): boolean {
  const { requests, limits } = spec?.resources ?? {};
  return [...Object.keys(requests ?? {}), ...Object.keys(limits ?? {})].some(isPodLevel);
}
