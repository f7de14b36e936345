/** The cells of each built-in kind's rows. */
import type { KubeObject } from "../object.ts";
import type { GroupVersionKind, TableCell } from "../resource_definition.ts";
import { ageOf } from "../human_duration.ts";

/** Makes the cells of one object, in the order of its kind's columns; `now` in milliseconds. */
export type Cells = (object: KubeObject, now: number) => TableCell[];

/** The cells of a built-in kind. */
export function cellsFor(_kind: GroupVersionKind): Cells {
  return (object, now) => [
    object.metadata?.name ?? "",
    ageOf(object.metadata?.creationTimestamp, now),
  ];
}
