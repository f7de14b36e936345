/** The cells of each built-in kind's rows, in the order of its columns. */
import type { Pod } from "../generated/types.ts";
import type { KubeObject } from "../object.ts";
import type { GroupVersionKind } from "../resource_definition.ts";
import { autoscalerCells, autoscalerV1Cells } from "./autoscaling.ts";
import { type Cells, cells, type CellTable, nameAndAge } from "./cells.ts";
import { CLUSTER_CELLS } from "./cluster.ts";
import { CORE_CELLS } from "./core.ts";
import { NETWORK_CELLS } from "./network.ts";
import { STORAGE_CELLS } from "./storage.ts";
import { WORKLOAD_CELLS } from "./workloads.ts";

export type { Cells };

const ALL: CellTable = {
  ...CORE_CELLS,
  ...WORKLOAD_CELLS,
  ...NETWORK_CELLS,
  ...STORAGE_CELLS,
  ...CLUSTER_CELLS,
};

/** The cells of a built-in kind; name and age for one without columns of its own. */
export function cellsFor({ group, version, kind }: GroupVersionKind): Cells {
  if (kind === "HorizontalPodAutoscaler") {
    return version === "v1" ? cells(autoscalerV1Cells) : cells(autoscalerCells);
  }
  return ALL[`${group}/${kind}`] ?? nameAndAge;
}

/** A condition of a row: kubectl hides rows that are completed where it is told to. */
export interface RowCondition {
  readonly type: "Completed";
  readonly status: "True";
  readonly reason: string;
  readonly message: string;
}

/** The conditions of an object's row; only ended pods have one. */
export function rowConditionsFor(
  { group, kind }: GroupVersionKind,
  object: KubeObject,
): RowCondition[] {
  if (group !== "" || kind !== "Pod") return [];
  const phase = (object as Pod).status?.phase;
  if (phase === "Succeeded") {
    const message = "The pod has completed successfully.";
    return [{ type: "Completed", status: "True", reason: phase, message }];
  }
  if (phase === "Failed") {
    const message = "The pod failed.";
    return [{ type: "Completed", status: "True", reason: phase, message }];
  }
  return [];
}
