import { type KubeObject, trackUpdate as track } from "../../api/mod.ts";
import { apiVersionOf } from "./encoding.ts";
import type { WriteContext } from "./write_context.ts";

/** Writes down that this write's manager owns the fields it set, in place. */
export function trackCreate(context: WriteContext, next: KubeObject, now: number): void {
  own(context, next, undefined, now);
}

export function trackUpdate(
  context: WriteContext,
  next: KubeObject,
  previous: KubeObject,
  now: number,
): void {
  own(context, next, previous, now);
}

function own(
  context: WriteContext,
  next: KubeObject,
  previous: KubeObject | undefined,
  now: number,
): void {
  const { definition } = context.resource;
  const { resetFields } = definition.strategy;
  const fields = track({
    previous,
    next,
    schema: definition.schema,
    manager: context.fieldManager,
    apiVersion: apiVersionOf(definition),
    now,
    subresource: context.subresource,
    resetFields: context.subresource === "status" ? resetFields.status : resetFields.main,
  });
  const meta = next.metadata ??= {};
  if (fields === undefined || fields.length === 0) delete meta.managedFields;
  else meta.managedFields = fields;
}
