import type { OwnerReference } from "../../api/mod.ts";

/** Whether a reference is to the one owner that manages the object. */
export function isController(reference: OwnerReference): boolean {
  return reference.controller === true;
}
