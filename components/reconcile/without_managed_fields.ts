import type { KubeObject } from "../api/mod.ts";

/**
 * For informers: who wrote which field is half of what a pod takes in memory, nobody who reconciles reads it, and a
 * write leaves it as it is when it is missing.
 */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata?.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
