import { equalJson } from "../../../base/mod.ts";
import type { NodeAffinity, NodeSelectorTerm, PodSpec } from "../../generated/types.ts";
import type { Errors } from "../errors.ts";
import type { Path } from "../path.ts";

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const ONLY_MORE = "only additions are allowed (no mutations or deletions)";

/** A pod that waits at its gates may be narrowed to fewer nodes, and to no others. */
export function validateNarrowing(now: PodSpec, before: PodSpec, path: Path, errors: Errors): void {
  const selector = now.nodeSelector ?? {};
  const old = Object.entries(before.nodeSelector ?? {});
  if (old.some(([key, value]) => selector[key] !== value)) {
    errors.invalid(
      path.child("nodeSelector"),
      selector,
      "only additions to spec.nodeSelector are allowed (no mutations or deletions)",
    );
  }
  const affinity = before.affinity?.nodeAffinity;
  if (affinity === undefined) return;
  validateAffinity(
    now.affinity?.nodeAffinity,
    affinity,
    path.child("affinity").child("nodeAffinity"),
    errors,
  );
}

function validateAffinity(
  now: NodeAffinity | undefined,
  before: NodeAffinity,
  path: Path,
  errors: Errors,
): void {
  const old = before[REQUIRED]?.nodeSelectorTerms ?? [];
  if (old.length === 0) return;
  const terms = now?.[REQUIRED]?.nodeSelectorTerms ?? [];
  const at = path.child(REQUIRED).child("nodeSelectorTerms");
  if (terms.length !== old.length) {
    return errors.invalid(
      at,
      terms,
      "no additions/deletions to non-empty NodeSelectorTerms list are allowed",
    );
  }
  for (const [i, term] of terms.entries()) {
    if (!hasOnlyMore(term, old[i] ?? {})) errors.invalid(at.at(i), term, ONLY_MORE);
  }
}

/** An empty term matches nothing: what is added to it would match more. */
function hasOnlyMore(now: NodeSelectorTerm, before: NodeSelectorTerm): boolean {
  const counted = (term: NodeSelectorTerm) =>
    (term.matchExpressions?.length ?? 0) + (term.matchFields?.length ?? 0);
  if (counted(before) === 0 && counted(now) > 0) return false;
  return (["matchExpressions", "matchFields"] as const).every((member) =>
    (before[member] ?? []).every((each, i) => equalJson(now[member]?.[i], each))
  );
}
