import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
} from "../generated/types.ts";
import { dnsSubdomainProblems, qualifiedNameProblems } from "../names.ts";
import type { Errors } from "./errors.ts";
import type { Path } from "./path.ts";
import { nonNegative } from "./pod/probes.ts";

const RULES_MAXIMUM = 20;
const EXIT_CODES_MAXIMUM = 255;
const ACTIONS = ["Count", "FailIndex", "FailJob", "Ignore"];
const STATUSES = ["False", "True", "Unknown"];
const REPLACEMENTS = ["Failed", "TerminatingOrFailed"];
const MANAGER_MAXIMUM = 63;

/** What a job takes for its pods' failure or its own success, and who looks after it. */
export function validateJobPolicies(spec: JobSpec, path: Path, errors: Errors): void {
  validateFailurePolicy(spec, path.child("podFailurePolicy").child("rules"), errors);
  validateSuccessPolicy(spec, path.child("successPolicy"), errors);
  const { managedBy, podReplacementPolicy: replacement } = spec;
  const at = path.child("podReplacementPolicy");
  if (replacement !== undefined && !REPLACEMENTS.includes(replacement)) {
    errors.notSupported(at, replacement, REPLACEMENTS);
  } else if (spec.podFailurePolicy !== undefined && replacement === "TerminatingOrFailed") {
    errors.notSupported(at, replacement, ["Failed"]);
  }
  if (managedBy !== undefined) validateManager(managedBy, path.child("managedBy"), errors);
}

function validateManager(name: string, path: Path, errors: Errors): void {
  const slash = name.indexOf("/");
  if (slash <= 0 || slash === name.length - 1) {
    errors.invalid(path, name, 'must be a domain-prefixed path (such as "acme.io/foo")');
  } else errors.invalidAll(path, name, dnsSubdomainProblems(name.slice(0, slash)));
  if (name.length > MANAGER_MAXIMUM) errors.tooLong(path, MANAGER_MAXIMUM);
}

function validateFailurePolicy(spec: JobSpec, path: Path, errors: Errors): void {
  const rules = spec.podFailurePolicy?.rules ?? [];
  if (rules.length > RULES_MAXIMUM) errors.tooMany(path, rules.length, RULES_MAXIMUM);
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {};
  const names = new Set([...containers, ...initContainers].map(({ name }) => name));
  for (const [i, rule] of rules.entries()) {
    validateRule(rule, spec, names, path.at(i), errors);
  }
}

function validateRule(
  rule: PodFailurePolicyRule,
  spec: JobSpec,
  names: ReadonlySet<string | undefined>,
  path: Path,
  errors: Errors,
): void {
  const { action = "", onExitCodes, onPodConditions = [] } = rule;
  const at = path.child("action");
  if (action === "") {
    errors.required(at, `valid values: [${ACTIONS.map((each) => `"${each}"`).join(" ")}]`);
  } else if (!ACTIONS.includes(action)) errors.notSupported(at, action, ACTIONS);
  else if (action === "FailIndex" && spec.backoffLimitPerIndex === undefined) {
    errors.invalid(at, action, "requires the backoffLimitPerIndex to be set");
  }
  if (onExitCodes !== undefined) validateExitCodes(onExitCodes, names, path, errors);
  const conditions = path.child("onPodConditions");
  if (onPodConditions.length > RULES_MAXIMUM) {
    errors.tooMany(conditions, onPodConditions.length, RULES_MAXIMUM);
  }
  for (const [i, { type = "", status = "" }] of onPodConditions.entries()) {
    errors.invalidAll(conditions.at(i).child("type"), type, qualifiedNameProblems(type));
    const place = conditions.at(i).child("status");
    if (status === "") {
      errors.required(place, `valid values: [${STATUSES.map((each) => `"${each}"`).join(" ")}]`);
    } else if (!STATUSES.includes(status)) errors.notSupported(place, status, STATUSES);
  }
  if (onExitCodes !== undefined && onPodConditions.length > 0) {
    errors.invalidWhole(path, "specifying both OnExitCodes and OnPodConditions is not supported");
  }
  if (onExitCodes === undefined && onPodConditions.length === 0) {
    errors.invalidWhole(path, "specifying one of OnExitCodes and OnPodConditions is required");
  }
}

function validateExitCodes(
  { containerName, operator = "", values = [] }: PodFailurePolicyOnExitCodesRequirement,
  names: ReadonlySet<string | undefined>,
  rule: Path,
  errors: Errors,
): void {
  const path = rule.child("onExitCodes");
  const operators = ["In", "NotIn"];
  if (operator === "") {
    errors.required(path.child("operator"), 'valid values: ["In" "NotIn"]');
  } else if (!operators.includes(operator)) {
    errors.notSupported(path.child("operator"), operator, operators);
  }
  if (containerName !== undefined && !names.has(containerName)) {
    errors.invalid(
      path.child("containerName"),
      containerName,
      "must be one of the container or initContainer names in the pod template",
    );
  }
  const at = path.child("values");
  if (values.length === 0) errors.invalid(at, values, "at least one value is required");
  if (values.length > EXIT_CODES_MAXIMUM) errors.tooMany(at, values.length, EXIT_CODES_MAXIMUM);
  const seen = new Set<number>();
  let ordered = true;
  for (const [i, value] of values.entries()) {
    if (operator === "In" && value === 0) {
      errors.invalid(at.at(i), value, "must not be 0 for the In operator");
    }
    if (seen.has(value)) errors.duplicate(at.at(i), value);
    seen.add(value);
    if (i > 0 && (values[i - 1] ?? 0) > value) ordered = false;
  }
  if (!ordered) errors.invalid(at, values, "must be ordered");
}

function validateSuccessPolicy(spec: JobSpec, path: Path, errors: Errors): void {
  const policy = spec.successPolicy;
  if (policy === undefined) return;
  if (spec.completionMode !== "Indexed") {
    return errors.invalid(path, policy, "requires indexed completion mode");
  }
  const at = path.child("rules");
  const rules = policy.rules ?? [];
  if (rules.length === 0) {
    errors.required(at, "at least one rules must be specified when the successPolicy is specified");
  }
  if (rules.length > RULES_MAXIMUM) errors.tooMany(at, rules.length, RULES_MAXIMUM);
  for (const [i, { succeededCount: count, succeededIndexes: indexes }] of rules.entries()) {
    if (count === undefined && indexes === undefined) {
      errors.required(
        at.at(i),
        "at least one of succeededCount or succeededIndexes must be specified",
      );
    }
    nonNegative(count, at.at(i).child("succeededCount"), errors);
    const most = spec.completions ?? 0;
    if (count !== undefined && count > most) {
      errors.invalid(
        at.at(i).child("succeededCount"),
        count,
        `must be less than or equal to ${most} (the number of specified completions)`,
      );
    }
  }
}
