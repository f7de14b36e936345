import { completeSteps, type GrantWish, type KubeObject, trackSteps } from "../../api/served.ts";
import type { JsonObject } from "../../base/mod.ts";
import { apiVersionOf, asJson } from "./encoding.ts";
import type { WriteContext } from "./write_context.ts";

/**
 * Who comes to own what a write sets. `tracked`: its manager. `stated`: server-side apply has said so already.
 * `none`: nobody, as where the server itself changes a part that has no manager (a binding, an eviction).
 */
export type Ownership = "tracked" | "stated" | "none";

/**
 * Writes down, in place, that this write's manager owns the fields it set. Both objects are of the requested version,
 * as the client means them: what admission and the server add afterwards belongs to nobody. A promise only where
 * somebody wrote another version, which has to be asked for.
 */
export function ownFields(
  context: WriteContext,
  next: KubeObject,
  previous: KubeObject | undefined,
  now: number,
): void | Promise<void> {
  const { definition, subresource } = context;
  const { resetFields } = definition.strategy;
  const steps = trackSteps({
    previous,
    next,
    schema: definition.schema,
    manager: context.fieldManager,
    apiVersion: apiVersionOf(definition),
    now,
    subresource,
    resetFields: subresource === "status" ? resetFields.status : resetFields.main,
  });
  const fields = completeSteps(steps, versionsFor(context));
  if (fields instanceof Promise) return fields.then((fields) => setFields(next, fields));
  setFields(next, fields);
}

function setFields(next: KubeObject, fields: ManagedFields): void {
  const meta = next.metadata ??= {};
  if (fields === undefined || fields.length === 0) delete meta.managedFields;
  else meta.managedFields = fields;
}

type ManagedFields = NonNullable<KubeObject["metadata"]>["managedFields"];

/** Objects of this write as other versions of its resource have them. */
export function versionsFor({ resource }: WriteContext): GrantWish {
  return ({ object, from, to }) => {
    const [source, target] = [resource.version(from), resource.version(to)];
    if (source === undefined || target === undefined) return undefined;
    const versioned = (converted: KubeObject) => ({
      object: asJson(converted),
      schema: target.schema,
    });
    const given = object as JsonObject & KubeObject;
    const converted = resource.convert({ ...given, apiVersion: from }, source, target);
    return converted instanceof Promise ? converted.then(versioned) : versioned(converted);
  };
}
