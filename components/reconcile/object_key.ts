import type { KubeObject } from "../api/mod.ts";

/** `namespace/name`, or `name` for what has no namespace: the only thing that goes into a queue. */
export function objectKey(object: KubeObject): string {
  const { name = "", namespace } = object.metadata ?? {};
  return namespace === undefined || namespace === "" ? name : `${namespace}/${name}`;
}

/** The parts of a key; an empty namespace where it has none. */
export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf("/");
  return slash < 0
    ? { namespace: "", name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
