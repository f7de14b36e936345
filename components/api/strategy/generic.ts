import { equalJson } from "../../base/mod.ts";
import type { KubeObject } from "../object.ts";
import type { Strategy } from "../resource_definition.ts";

type Body = KubeObject & { spec?: unknown; status?: unknown };

/** Which of the general rules a kind follows. */
export interface GenericRules {
  readonly hasStatus: boolean;
  /** What a change of is a new generation; absent for kinds without generations. */
  readonly generation?: "spec" | "none";
}

/** The rules that most kinds have: status is its subresource's, and a changed spec is a new generation. */
export function genericStrategy({ hasStatus, generation = "spec" }: GenericRules): Strategy {
  return {
    prepareForCreate(next: Body) {
      if (hasStatus) delete next.status;
      if (generation === "spec" && next.metadata !== undefined) next.metadata.generation = 1;
    },
    prepareForUpdate(next: Body, previous: Body) {
      if (hasStatus) restore(next, previous, "status");
      const current = previous.metadata?.generation;
      if (next.metadata === undefined || current === undefined) return;
      next.metadata.generation = equalJson(next.spec, previous.spec) ? current : current + 1;
    },
    prepareForStatusUpdate(next: Body, previous: Body) {
      restore(next, previous, "spec");
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

function restore(next: Body, previous: Body, member: "spec" | "status"): void {
  if (previous[member] === undefined) delete next[member];
  else next[member] = previous[member];
}
