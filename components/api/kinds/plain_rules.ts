import { equalJson } from "../../base/mod.ts";
import type { KubeObject } from "../object.ts";
import type { Strategy, TableCell } from "../resource_definition.ts";

type Body = KubeObject & { spec?: unknown; status?: unknown };

/** The rules every kind has: status is its subresource's, and a changed spec is a new generation. */
export function plainStrategy(hasStatus: boolean): Strategy {
  return {
    prepareForCreate(next: Body) {
      if (hasStatus) delete next.status;
      if (next.metadata !== undefined) next.metadata.generation = 1;
    },
    prepareForUpdate(next: Body, previous: Body) {
      if (hasStatus) restore(next, previous, "status");
      const generation = previous.metadata?.generation;
      if (next.metadata === undefined || generation === undefined) return;
      next.metadata.generation = equalJson(next.spec, previous.spec) ? generation : generation + 1;
    },
    prepareForStatusUpdate(next: Body, previous: Body) {
      restore(next, previous, "spec");
      const generation = previous.metadata?.generation;
      if (next.metadata !== undefined && generation !== undefined) {
        next.metadata.generation = generation;
      }
    },
    validateCreate: () => [],
    validateUpdate: () => [],
    validateStatusUpdate: () => [],
    warnings: () => [],
    allowUnconditionalUpdate: true,
    allowCreateOnUpdate: false,
    defaultPropagation: "Background",
    returnDeletedObject: false,
    defaultGraceSeconds: () => undefined,
    resetFields: { main: hasStatus ? ["status"] : [], status: hasStatus ? ["spec"] : [] },
  };
}

/** Name and age: the cells of a kind without columns of its own. */
export function plainCells(object: KubeObject): TableCell[] {
  return [object.metadata?.name ?? "", object.metadata?.creationTimestamp ?? null];
}

function restore(next: Body, previous: Body, member: "spec" | "status"): void {
  if (previous[member] === undefined) delete next[member];
  else next[member] = previous[member];
}
