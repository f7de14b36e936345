import { equalJson } from "../../base/mod.ts";
import type { Pod } from "../../api/mod.ts";
import type { ClusterEvent, EventAction } from "./cluster_event.ts";
import { requestsShrank } from "./request_change.ts";

const CHANGES: readonly { readonly action: EventAction; differs(a: Pod, b: Pod): boolean }[] = [
  {
    action: "UpdatePodLabel",
    differs: (a, b) => !same(a.metadata?.labels ?? {}, b.metadata?.labels ?? {}),
  },
  { action: "UpdatePodScaleDown", differs: requestsShrank },
  {
    action: "UpdatePodToleration",
    differs: (a, b) => !same(a.spec?.tolerations ?? [], b.spec?.tolerations ?? []),
  },
  {
    action: "UpdatePodSchedulingGatesEliminated",
    differs: (a, b) =>
      (a.spec?.schedulingGates ?? []).length > 0 && (b.spec?.schedulingGates ?? []).length === 0,
  },
  {
    action: "UpdatePodGeneratedResourceClaim",
    differs: (a, b) =>
      !same(a.status?.resourceClaimStatuses ?? [], b.status?.resourceClaimStatuses ?? []),
  },
];

/** What changed of a pod without a node that plugins wait for; what is not named is `Update`. Pure. */
export function podChanges(before: Pod, after: Pod): ClusterEvent[] {
  const named = CHANGES.filter(({ differs }) => differs(before, after)).map(({ action }) => action);
  // Status alone, such as our own condition, is no reason to try again.
  const actions: readonly EventAction[] = named.length > 0
    ? named
    : before.metadata?.generation !== after.metadata?.generation
    ? ["Update"]
    : [];
  return actions.map((action) => ({ resource: "Pod", action, before, after }));
}

function same(a: unknown, b: unknown): boolean {
  return equalJson(a, b);
}
