import type { DeviceRequestAllocationResult, ResourceClaim } from "../../api/mod.ts";

/** How far the devices of a claim are that their driver prepares before a pod may be bound. */
export type Readiness =
  | { readonly state: "ready" | "waiting" }
  | { readonly state: "failed"; readonly message: string };

const READY: Readiness = { state: "ready" };
const WAITING: Readiness = { state: "waiting" };

export function readiness(claim: ResourceClaim): Readiness {
  if (claim.status?.allocation === undefined) return WAITING;
  for (const result of conditional(claim)) {
    const conditions = claim.status.devices?.find((device) =>
      device.driver === result.driver && device.pool === result.pool &&
      device.device === result.device
    )?.conditions;
    if (conditions === undefined) return WAITING;
    const isTrue = (type: string) =>
      conditions.find((one) => one.type === type && one.status === "True");
    for (const type of result.bindingFailureConditions ?? []) {
      const failed = isTrue(type);
      if (failed === undefined) continue;
      const message =
        `claim ${claim.metadata?.name} binding failed: reason=${failed.reason}, message=${
          JSON.stringify(failed.message ?? "")
        }`;
      return { state: "failed", message };
    }
    if (!(result.bindingConditions ?? []).every(isTrue)) return WAITING;
  }
  return READY;
}

/** Whether devices of a claim are to be waited for at all. */
export function hasConditions(claim: ResourceClaim): boolean {
  return conditional(claim).length > 0;
}

/** Whether they have been waited for too long. `now` is in milliseconds since 1970. */
export function isOverdue(claim: ResourceClaim, now: number, timeoutSeconds: number): boolean {
  const allocated = claim.status?.allocation?.allocationTimestamp;
  return allocated !== undefined && hasConditions(claim) &&
    Date.parse(allocated) + timeoutSeconds * 1000 < now;
}

function conditional(claim: ResourceClaim): readonly DeviceRequestAllocationResult[] {
  return (claim.status?.allocation?.devices?.results ?? []).filter(({ bindingConditions }) =>
    (bindingConditions?.length ?? 0) > 0
  );
}
