import type {
  Affinity,
  LabelSelector,
  NodeSelector,
  NodeSelectorTerm,
  PodAffinityTerm,
  PodSpec,
  Toleration,
} from "../../generated/types.ts";
import { dnsLabelProblems, labelValueProblems, qualifiedNameProblems } from "../../names.ts";
import type { Errors } from "../errors.ts";
import type { Path } from "../path.ts";
import { validateLabelSelector } from "../selector.ts";

const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

export function validateTolerations(
  tolerations: readonly Toleration[] | undefined,
  path: Path,
  errors: Errors,
): void {
  for (const [i, toleration] of (tolerations ?? []).entries()) {
    const at = path.at(i);
    const { key = "", operator = "", value = "", effect = "", tolerationSeconds } = toleration;
    if (key !== "") errors.invalidAll(at.child("key"), key, qualifiedNameProblems(key));
    if (key === "" && operator !== "Exists") {
      errors.invalid(
        at.child("operator"),
        operator,
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      );
    }
    if (tolerationSeconds !== undefined && effect !== "NoExecute") {
      errors.invalid(
        at.child("effect"),
        effect,
        "effect must be 'NoExecute' when `tolerationSeconds` is set",
      );
    }
    switch (operator) {
      case "":
      case "Equal":
        errors.invalidAll(at.child("operator"), value, labelValueProblems(value));
        break;
      case "Exists":
        if (value !== "") {
          errors.invalid(
            at.child("operator"),
            toleration,
            "value must be empty when `operator` is 'Exists'",
          );
        }
        break;
      default:
        errors.notSupported(at.child("operator"), operator, ["Equal", "Exists"]);
    }
    if (effect !== "" && !EFFECTS.includes(effect)) {
      errors.notSupported(at.child("effect"), effect, EFFECTS);
    }
  }
}

export function validateNodeSelector(
  selector: NodeSelector,
  path: Path,
  errors: Errors,
): void {
  const terms = path.child("nodeSelectorTerms");
  if (!selector.nodeSelectorTerms?.length) {
    return errors.required(terms, "must have at least one node selector term");
  }
  for (const [i, term] of selector.nodeSelectorTerms.entries()) {
    validateTerm(term, terms.at(i), errors);
  }
}

function validateTerm(term: NodeSelectorTerm, path: Path, errors: Errors): void {
  for (
    const [i, { key = "", operator = "", values = [] }] of (term.matchExpressions ?? []).entries()
  ) {
    const at = path.child("matchExpressions").at(i);
    if (operator === "In" || operator === "NotIn") {
      if (values.length === 0) {
        errors.required(
          at.child("values"),
          "must be specified when `operator` is 'In' or 'NotIn'",
        );
      }
    } else if (operator === "Exists" || operator === "DoesNotExist") {
      if (values.length > 0) {
        errors.forbidden(
          at.child("values"),
          "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        );
      }
    } else if (operator === "Gt" || operator === "Lt") {
      if (values.length !== 1) {
        errors.required(
          at.child("values"),
          "must be specified single value when `operator` is 'Lt' or 'Gt'",
        );
      }
    } else errors.invalid(at.child("operator"), operator, "not a valid selector operator");
    errors.invalidAll(at.child("key"), key, qualifiedNameProblems(key));
    for (const [j, value] of values.entries()) {
      errors.invalidAll(at.child("values").at(j), value, labelValueProblems(value));
    }
  }
  for (const [i, { key = "", operator = "", values = [] }] of (term.matchFields ?? []).entries()) {
    const at = path.child("matchFields").at(i);
    if (operator !== "In" && operator !== "NotIn") {
      errors.invalid(at.child("operator"), operator, "not a valid selector operator");
    } else if (values.length !== 1) {
      errors.required(
        at.child("values"),
        "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
      );
    }
    if (key !== "metadata.name") {
      errors.invalid(at.child("key"), key, "not a valid field selector key");
    }
  }
}

export function validateAffinity(
  affinity: Affinity | undefined,
  path: Path,
  errors: Errors,
): void {
  if (affinity === undefined) return;
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity;
  const required = "requiredDuringSchedulingIgnoredDuringExecution";
  const preferred = "preferredDuringSchedulingIgnoredDuringExecution";
  if (nodeAffinity !== undefined) {
    const at = path.child("nodeAffinity");
    if (nodeAffinity[required] !== undefined) {
      validateNodeSelector(nodeAffinity[required], at.child(required), errors);
    }
    for (const [i, { weight = 0, preference }] of (nodeAffinity[preferred] ?? []).entries()) {
      validateWeight(weight, at.child(preferred).at(i), errors);
      if (preference !== undefined) {
        validateTerm(preference, at.child(preferred).at(i).child("preference"), errors);
      }
    }
  }
  for (
    const [member, terms] of [
      ["podAffinity", podAffinity],
      ["podAntiAffinity", podAntiAffinity],
    ] as const
  ) {
    if (terms === undefined) continue;
    const at = path.child(member);
    for (const [i, term] of (terms[required] ?? []).entries()) {
      validateAffinityTerm(term, at.child(required).at(i), errors);
    }
    for (const [i, { weight = 0, podAffinityTerm }] of (terms[preferred] ?? []).entries()) {
      const itemPath = at.child(preferred).at(i);
      validateWeight(weight, itemPath, errors);
      validateAffinityTerm(podAffinityTerm ?? {}, itemPath.child("podAffinityTerm"), errors);
    }
  }
}

function validateWeight(weight: number, path: Path, errors: Errors): void {
  if (weight < 1 || weight > 100) {
    errors.invalid(path.child("weight"), weight, "must be in the range 1-100");
  }
}

function validateAffinityTerm(term: PodAffinityTerm, path: Path, errors: Errors): void {
  validateLabelSelector(term.labelSelector, path.child("labelSelector"), errors);
  validateLabelSelector(term.namespaceSelector, path.child("namespaceSelector"), errors);
  for (const name of term.namespaces ?? []) {
    errors.invalidAll(path.child("namespace"), name, dnsLabelProblems(name));
  }
  const keys = term.matchLabelKeys ?? [];
  const others = term.mismatchLabelKeys ?? [];
  validateMatchKeys(keys, term.labelSelector, path.child("matchLabelKeys"), errors);
  validateMatchKeys(others, term.labelSelector, path.child("mismatchLabelKeys"), errors);
  for (const [i, key] of others.entries()) {
    if (!keys.includes(key)) continue;
    errors.invalid(
      path.child("mismatchLabelKeys").at(i),
      key,
      "exists in both matchLabelKeys and mismatchLabelKeys",
    );
  }
  const { topologyKey = "" } = term;
  if (topologyKey === "") {
    errors.required(path.child("topologyKey"), "can not be empty");
  }
  errors.invalidAll(path.child("topologyKey"), topologyKey, qualifiedNameProblems(topologyKey));
}

/** Keys whose values are taken from the pod itself, which make no sense without a selector. */
function validateMatchKeys(
  keys: readonly string[],
  selector: LabelSelector | undefined,
  path: Path,
  errors: Errors,
): void {
  if (keys.length === 0) return;
  if (selector === undefined) {
    return errors.forbidden(path, "must not be specified when labelSelector is not set");
  }
  for (const [i, key] of keys.entries()) {
    errors.invalidAll(path.at(i), key, qualifiedNameProblems(key));
  }
}

const NODE_POLICIES = ["Honor", "Ignore"];

export function validateSpread(spec: PodSpec, path: Path, errors: Errors): void {
  const seen = new Set<string>();
  for (const [i, constraint] of (spec.topologySpreadConstraints ?? []).entries()) {
    const at = path.at(i);
    const { maxSkew = 0, topologyKey = "", whenUnsatisfiable = "", minDomains } = constraint;
    if (maxSkew <= 0) errors.invalid(at.child("maxSkew"), maxSkew, "must be greater than zero");
    if (topologyKey === "") errors.required(at.child("topologyKey"), "can not be empty");
    else {errors.invalidAll(
        at.child("topologyKey"),
        topologyKey,
        qualifiedNameProblems(topologyKey),
      );}
    if (whenUnsatisfiable !== "DoNotSchedule" && whenUnsatisfiable !== "ScheduleAnyway") {
      errors.notSupported(at.child("whenUnsatisfiable"), whenUnsatisfiable, [
        "DoNotSchedule",
        "ScheduleAnyway",
      ]);
    }
    const pair = `{${topologyKey}, ${whenUnsatisfiable}}`;
    if (seen.has(pair)) errors.duplicate(at.child("{topologyKey, whenUnsatisfiable}"), pair);
    seen.add(pair);
    if (minDomains !== undefined) {
      if (minDomains <= 0) {
        errors.invalid(at.child("minDomains"), minDomains, "must be greater than zero");
      }
      if (whenUnsatisfiable !== "DoNotSchedule") {
        errors.invalid(
          at.child("minDomains"),
          minDomains,
          "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not " +
            `${whenUnsatisfiable}`,
        );
      }
    }
    for (const member of ["nodeAffinityPolicy", "nodeTaintsPolicy"] as const) {
      const policy = constraint[member];
      if (policy !== undefined && !NODE_POLICIES.includes(policy)) {
        errors.notSupported(at.child(member), policy, NODE_POLICIES);
      }
    }
    const keys = constraint.matchLabelKeys ?? [];
    validateMatchKeys(keys, constraint.labelSelector, at.child("matchLabelKeys"), errors);
    const chosen = new Set([
      ...Object.keys(constraint.labelSelector?.matchLabels ?? {}),
      // One value of a key is how the pod's own was put in.
      ...(constraint.labelSelector?.matchExpressions ?? [])
        .filter(({ operator, values }) => operator !== "In" || values?.length !== 1)
        .map(({ key }) => key),
    ]);
    for (const [j, key] of keys.entries()) {
      if (!chosen.has(key)) continue;
      errors.invalid(
        at.child("matchLabelKeys").at(j),
        key,
        "exists in both matchLabelKeys and labelSelector",
      );
    }
    validateLabelSelector(constraint.labelSelector, at.child("labelSelector"), errors);
  }
}
