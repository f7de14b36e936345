import type {
  LabelSelector,
  Pod,
  PodAffinityTerm,
  TopologySpreadConstraint,
} from "../generated/types.ts";

/**
 * Puts a new pod's own values of `matchLabelKeys` and `mismatchLabelKeys` into the selectors beside them, so that who
 * reads the selectors need not know of the keys.
 */
export function mergeLabelKeys({ metadata, spec }: Pod): void {
  const labels = metadata?.labels ?? {};
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  for (const affinity of [podAffinity, podAntiAffinity]) {
    const terms = [
      ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
        .map(({ podAffinityTerm }) => podAffinityTerm ?? {}),
    ];
    for (const term of terms) mergeTerm(term, labels);
  }
  for (const constraint of spec?.topologySpreadConstraints ?? []) {
    mergeConstraint(constraint, labels);
  }
}

type Labels = Readonly<Record<string, string>>;

function mergeTerm(term: PodAffinityTerm, labels: Labels): void {
  add(term.labelSelector, term.matchLabelKeys, "In", labels);
  add(term.labelSelector, term.mismatchLabelKeys, "NotIn", labels);
}

function mergeConstraint(constraint: TopologySpreadConstraint, labels: Labels): void {
  const { labelSelector: selector, matchLabelKeys = [] } = constraint;
  const chosen = new Set([
    ...Object.keys(selector?.matchLabels ?? {}),
    ...(selector?.matchExpressions ?? []).map(({ key }) => key),
  ]);
  // A key that the selector names already is refused later, as it was sent.
  if (matchLabelKeys.some((key) => chosen.has(key))) return;
  add(selector, matchLabelKeys, "In", labels);
}

function add(
  selector: LabelSelector | undefined,
  keys: readonly string[] | undefined,
  operator: "In" | "NotIn",
  labels: Labels,
): void {
  if (selector === undefined) return;
  for (const key of keys ?? []) {
    const value = labels[key];
    if (value !== undefined) {
      (selector.matchExpressions ??= []).push({ key, operator, values: [value] });
    }
  }
}
