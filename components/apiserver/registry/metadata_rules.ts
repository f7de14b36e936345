import {
  badRequest,
  conflict,
  invalid,
  nameSuffix,
  OBJECT_MODIFIED,
  type Random,
  timestamp,
} from "../../base/mod.ts";
import type { KubeObject, ObjectMeta, ResourceDefinition } from "../../api/served.ts";
import { groupResource, type WriteContext } from "./write_context.ts";

/** Generated names: the base is cut so that five characters more still make a label. */
const GENERATED_BASE_MAXIMUM = 58;
const SUFFIX_LENGTH = 5;

/** The body's namespace and name must be those of the path; what the body leaves out it gets from there. */
export function placeObject(object: KubeObject, context: WriteContext): ObjectMeta {
  const meta = object.metadata ??= {};
  const { definition, namespace, name } = context;
  if (definition.namespaced) {
    if (meta.namespace === undefined || meta.namespace === "") meta.namespace = namespace;
    else if (meta.namespace !== namespace) {
      throw badRequest(
        "the namespace of the provided object does not match the namespace sent on the request",
      );
    }
  } else {
    delete meta.namespace;
  }
  if (name !== "") {
    if (meta.name === undefined || meta.name === "") meta.name = name;
    else if (meta.name !== name) {
      throw badRequest(
        `the name of the object (${meta.name}) does not match the name on the URL (${name})`,
      );
    }
  }
  return meta;
}

/** Fills in what the server alone says of a new object. */
export function stampNew(meta: ObjectMeta, now: number, random: Random): void {
  meta.uid = random.uuid();
  meta.creationTimestamp = timestamp(now);
  delete meta.deletionTimestamp;
  delete meta.deletionGracePeriodSeconds;
  delete meta.selfLink;
  delete meta.resourceVersion;
}

export function generatedName(base: string, random: Random): string {
  return base.slice(0, GENERATED_BASE_MAXIMUM) + nameSuffix(random, SUFFIX_LENGTH);
}

/** Carries over what no update may change. */
export function keepSystemFields(next: ObjectMeta, previous: ObjectMeta): void {
  copy(next, previous, "uid");
  copy(next, previous, "creationTimestamp");
  copy(next, previous, "deletionTimestamp");
  copy(next, previous, "deletionGracePeriodSeconds");
  copy(next, previous, "generation");
  copy(next, previous, "name");
  copy(next, previous, "namespace");
  delete next.selfLink;
}

function copy<K extends keyof ObjectMeta>(next: ObjectMeta, previous: ObjectMeta, member: K): void {
  if (previous[member] === undefined) delete next[member];
  else next[member] = previous[member];
}

/** True when the caller named a revision. Throws when it must and did not, or when it is not the current one. */
export function checkRevision(
  next: ObjectMeta,
  previous: ObjectMeta,
  definition: ResourceDefinition,
  options: { readonly unconditional: boolean },
): boolean {
  const name = previous.name ?? "";
  if (next.uid !== undefined && next.uid !== "" && next.uid !== previous.uid) {
    throw conflict(
      groupResource(definition),
      name,
      `Precondition failed: UID in precondition: ${next.uid}, UID in object meta: ${previous.uid}`,
    );
  }
  const asked = next.resourceVersion ?? "";
  if (asked === "" || asked === "0") {
    if (!options.unconditional) {
      throw invalid(definition, name, [{
        reason: "FieldValueInvalid",
        message: "Invalid value: 0x0: must be specified for an update",
        field: "metadata.resourceVersion",
      }]);
    }
    return false;
  }
  if (asked !== previous.resourceVersion) {
    throw conflict(groupResource(definition), name, OBJECT_MODIFIED);
  }
  return true;
}

/** Finalizers may only be taken away from what is being deleted. */
export function checkFinalizers(
  next: ObjectMeta,
  previous: ObjectMeta,
  definition: ResourceDefinition,
): void {
  if (previous.deletionTimestamp === undefined) return;
  const known = new Set(previous.finalizers ?? []);
  const added = (next.finalizers ?? []).filter((finalizer) => !known.has(finalizer));
  if (added.length === 0) return;
  throw invalid(definition, previous.name ?? "", [{
    reason: "FieldValueForbidden",
    message:
      `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${
        JSON.stringify(added).replaceAll(",", ", ").replace(/^\[/, "[]string{").replace(/\]$/, "}")
      }`,
    field: "metadata.finalizers",
  }]);
}
