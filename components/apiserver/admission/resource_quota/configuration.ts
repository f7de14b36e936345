import { fallback, type Field, list, members, text } from "../../configuration/mod.ts";
import type { ScopedResourceSelectorRequirement } from "../../../api/served.ts";

/** A resource that may not be used where no quota covers it. */
export interface LimitedResource {
  readonly apiGroup: string;
  readonly resource: string;
  /** Parts of names of what is used. */
  readonly matchContains: readonly string[];
  readonly matchScopes: readonly ScopedResourceSelectorRequirement[];
}

/** A `ResourceQuotaConfiguration` as its file has it. */
export const resourceQuotaConfiguration: Field<{
  readonly limitedResources: readonly LimitedResource[];
}> = members({
  limitedResources: list(members({
    apiGroup: fallback(text, ""),
    resource: text,
    matchContains: list(text),
    matchScopes: list(members({
      scopeName: text,
      operator: text,
      values: (value, path): string[] => [...list(text)(value, path)],
    })),
  })),
});
