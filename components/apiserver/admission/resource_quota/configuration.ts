import type { ScopedResourceSelectorRequirement } from "../../../api/mod.ts";

/** A resource that may not be used where no quota covers it. */
export interface LimitedResource {
  readonly apiGroup: string;
  readonly resource: string;
  /** Parts of names of what is used. */
  readonly matchContains: readonly string[];
  readonly matchScopes: readonly ScopedResourceSelectorRequirement[];
}
