import type { KubeObject } from "./object.ts";

/** A reference to one served resource that carries the type of its objects. */
export interface ResourceType<T extends KubeObject> {
  readonly group: string;
  readonly version: string;
  /** The plural, as in the path. */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never set: it only binds `T`. */
  readonly type?: T;
}
