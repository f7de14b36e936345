import { defaulterOf } from "../defaults/mod.ts";
import { readResourceTable } from "../kinds/resource_table.ts";
import type { KubeObject } from "../object.ts";
import type { FieldError } from "../resource_definition.ts";
import { strategyFor } from "../strategy/mod.ts";

export type Json = Record<string, unknown>;

function gvk(text: string) {
  const [version = "", kind = ""] = text.split(" ");
  const slash = version.indexOf("/");
  return slash < 0
    ? { group: "", version, kind }
    : { group: version.slice(0, slash), version: version.slice(slash + 1), kind };
}

const CLUSTER = new Set(
  readResourceTable().filter(({ namespaced }) => !namespaced).map(({ kind }) => kind),
);

/** An object as it comes to validation: defaulted and prepared. */
export function prepared(kind: string, object: Json): KubeObject {
  const { version, group, kind: name } = gvk(kind);
  const copy = structuredClone(object);
  const full = {
    apiVersion: group === "" ? version : `${group}/${version}`,
    kind: name,
    ...copy,
    metadata: {
      name: "x",
      ...(CLUSTER.has(name) ? {} : { namespace: "default" }),
      uid: "uid-1",
      ...copy["metadata"] as object | undefined,
    },
  } as KubeObject;
  defaulterOf(gvk(kind))(full);
  strategyFor(gvk(kind)).prepareForCreate(full);
  return full;
}

const texts = (errors: FieldError[]): string[] =>
  errors.map(({ field, message }) => `${field}: ${message}`);

/** What is wrong with a new object, as `field: message`. */
export function created(kind: string, object: Json): string[] {
  return texts(strategyFor(gvk(kind)).validateCreate(prepared(kind, object)));
}

/** What is wrong with a change of an object. */
export function updated(kind: string, before: Json, change: (object: Json) => void): string[] {
  const previous = prepared(kind, before);
  const next = structuredClone(previous);
  change(next as Json);
  defaulterOf(gvk(kind))(next);
  const strategy = strategyFor(gvk(kind));
  strategy.prepareForUpdate(next, previous);
  return texts(strategy.validateUpdate(next, previous));
}

/** What is wrong with a change of an object's status. */
export function statusUpdated(
  kind: string,
  before: Json,
  change: (object: Json) => void,
  status?: Json,
): string[] {
  const previous = prepared(kind, before);
  if (status !== undefined) (previous as unknown as Json)["status"] = status;
  const next = structuredClone(previous);
  change(next as unknown as Json);
  const strategy = strategyFor(gvk(kind));
  strategy.prepareForStatusUpdate(next, previous);
  return texts(strategy.validateStatusUpdate(next, previous));
}

/** What a client is told of a new object that is good enough. */
export function warned(kind: string, object: Json): readonly string[] {
  const strategy = strategyFor(gvk(kind));
  return strategy.warnings(prepared(kind, object), undefined);
}

/** A pod of one container, with what is given on top. */
export const pod = (spec: Json = {}, container: Json = {}): Json => ({
  spec: { containers: [{ name: "c", image: "i", ...container }], ...spec },
});
