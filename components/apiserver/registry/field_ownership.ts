import { type KubeObject, trackUpdate } from "../../api/mod.ts";
import { apiVersionOf } from "./encoding.ts";
import type { WriteContext } from "./write_context.ts";

/**
 * Who comes to own what a write sets. `tracked`: its manager. `stated`: server-side apply has said so already.
 * `none`: nobody, as where the server itself changes a part that has no manager (a binding, an eviction).
 */
export type Ownership = "tracked" | "stated" | "none";

/**
 * Writes down, in place, that this write's manager owns the fields it set. Both objects are of the requested version,
 * as the client means them: what admission and the server add afterwards belongs to nobody.
 */
export function ownFields(
  context: WriteContext,
  next: KubeObject,
  previous: KubeObject | undefined,
  now: number,
): void {
  const { definition, subresource } = context;
  const { resetFields } = definition.strategy;
  const fields = trackUpdate({
    previous,
    next,
    schema: definition.schema,
    manager: context.fieldManager,
    apiVersion: apiVersionOf(definition),
    now,
    subresource,
    resetFields: subresource === "status" ? resetFields.status : resetFields.main,
  });
  const meta = next.metadata ??= {};
  if (fields === undefined || fields.length === 0) delete meta.managedFields;
  else meta.managedFields = fields;
}
