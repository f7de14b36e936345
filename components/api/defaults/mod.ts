import type { KubeObject } from "../object.ts";
import type { GroupVersionKind } from "../resource_definition.ts";

/** Fills in a kind's defaults, in place. */
export type Defaulter = (object: KubeObject) => void;

/** The defaulter of a built-in kind; does nothing for kinds without defaults. */
export function defaulterOf(_kind: GroupVersionKind): Defaulter {
  return () => {};
}
