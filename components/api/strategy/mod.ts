/** The rules of writing each built-in kind. */
import type { GroupVersionKind, Strategy } from "../resource_definition.ts";
import { schemaOfKind } from "../schema/lookup.ts";
import { genericStrategy } from "./generic.ts";

/** The strategy of a built-in kind. */
export function strategyFor(kind: GroupVersionKind): Strategy {
  return genericStrategy({ hasStatus: schemaOfKind(kind)?.fields["status"] !== undefined });
}
