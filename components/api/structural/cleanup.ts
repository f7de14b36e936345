import { timestamp } from "../../base/mod.ts";
import type { CustomResourceDefinition } from "../generated/types.ts";

/** Holds a definition until its objects are gone. */
export const CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";

/** A definition that is to be deleted: held until then, and saying so. `now` in milliseconds. */
export function heldForCleanup(
  definition: CustomResourceDefinition,
  now: number,
): CustomResourceDefinition {
  const { metadata = {}, status = {} } = definition;
  const finalizers = metadata.finalizers ?? [];
  const conditions = (status.conditions ?? []).filter(({ type }) => type !== "Terminating");
  return {
    ...definition,
    metadata: {
      ...metadata,
      finalizers: finalizers.includes(CLEANUP_FINALIZER)
        ? finalizers
        : [...finalizers, CLEANUP_FINALIZER],
    },
    status: {
      ...status,
      conditions: [...conditions, {
        type: "Terminating",
        status: "True",
        lastTransitionTime: timestamp(now),
        reason: "InstanceDeletionPending",
        message:
          "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
      }],
    },
  };
}
