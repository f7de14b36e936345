import { equalJson } from "../../base/mod.ts";
import type {
  AutoscalingV1HorizontalPodAutoscaler,
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricTarget,
  PodDisruptionBudget,
} from "../generated/types.ts";
import { pathSegmentProblems } from "../names.ts";
import { tryParseQuantity } from "../quantity.ts";
import type { Errors } from "./errors.ts";
import { IMMUTABLE } from "./metadata.ts";
import { Path } from "./path.ts";
import { validateLabelSelector } from "./selector.ts";
import { atMostAll, validateAmount } from "./workloads.ts";

const SPEC = Path.of("spec");

export function validateDisruptionBudget({ spec = {} }: PodDisruptionBudget, errors: Errors): void {
  const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy: policy } = spec;
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    errors.invalid(
      SPEC,
      spec,
      "minAvailable and maxUnavailable cannot be both set",
    );
  }
  for (const member of ["minAvailable", "maxUnavailable"] as const) {
    validateAmount(spec[member], SPEC.child(member), errors);
    atMostAll(spec[member], SPEC.child(member), errors);
  }
  const policies = ["AlwaysAllow", "IfHealthyBudget"];
  if (policy !== undefined && !policies.includes(policy)) {
    errors.notSupported(SPEC.child("unhealthyPodEvictionPolicy"), policy, policies);
  }
  validateLabelSelector(spec.selector, SPEC.child("selector"), errors);
}

export function validateDisruptionBudgetUpdate(
  next: PodDisruptionBudget,
  old: PodDisruptionBudget,
  errors: Errors,
): void {
  validateDisruptionBudget(next, errors);
  if (old.spec?.selector !== undefined && next.spec?.selector === undefined) {
    if (!equalJson(next.spec?.selector, old.spec.selector)) {
      errors.invalid(SPEC.child("selector"), null, IMMUTABLE);
    }
  }
}

type Target = { kind?: string; name?: string } | undefined;

function validateScale(
  spec: { minReplicas?: number; maxReplicas?: number; scaleTargetRef?: Target },
  errors: Errors,
): void {
  const { minReplicas, maxReplicas = 0, scaleTargetRef } = spec;
  if (minReplicas !== undefined && minReplicas < 1) {
    errors.invalid(
      SPEC.child("minReplicas"),
      minReplicas,
      "must be greater than or equal to 1",
    );
  }
  if (maxReplicas < 1) {
    errors.invalid(SPEC.child("maxReplicas"), maxReplicas, "must be greater than 0");
  }
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    errors.invalid(
      SPEC.child("maxReplicas"),
      maxReplicas,
      "must be greater than or equal to `minReplicas`",
    );
  }
  const at = SPEC.child("scaleTargetRef");
  for (const member of ["kind", "name"] as const) {
    const value = scaleTargetRef?.[member] ?? "";
    if (value === "") errors.required(at.child(member));
    else errors.invalidAll(at.child(member), value, pathSegmentProblems(value));
  }
}

export function validateAutoscalerV1(
  { spec = {} }: AutoscalingV1HorizontalPodAutoscaler,
  errors: Errors,
): void {
  validateScale(spec, errors);
  const target = spec.targetCPUUtilizationPercentage;
  if (target !== undefined && target < 1) {
    errors.invalid(SPEC.child("targetCPUUtilizationPercentage"), target, "must be greater than 0");
  }
}

const METRIC_MEMBERS: Readonly<Record<string, string>> = {
  Object: "object",
  Pods: "pods",
  Resource: "resource",
  ContainerResource: "containerResource",
  External: "external",
};

export function validateAutoscaler({ spec = {} }: HorizontalPodAutoscaler, errors: Errors): void {
  validateScale(spec, errors);
  for (const [i, metric] of (spec.metrics ?? []).entries()) {
    const at = SPEC.child("metrics").at(i);
    const { type = "", ...sources } = metric;
    const member = METRIC_MEMBERS[type];
    if (type === "") errors.required(at.child("type"), "must specify a metric source type");
    else if (member === undefined) {
      errors.notSupported(at.child("type"), type, Object.keys(METRIC_MEMBERS).sort());
    }
    const source = (sources as Record<string, { target?: MetricTarget; name?: string }>)[
      member ?? ""
    ];
    if (member === undefined) continue;
    if (source === undefined) {
      errors.required(
        at.child(member),
        "must populate information for the given metric source",
      );
    } else {
      if (member.toLowerCase().endsWith("resource") && !source.name) {
        errors.required(at.child(member).child("name"), "must specify a resource name");
      }
      validateTarget(source.target, member, at.child(member).child("target"), errors);
    }
  }
  const behavior = SPEC.child("behavior");
  validateRules(spec.behavior?.scaleUp, behavior.child("scaleUp"), errors);
  validateRules(spec.behavior?.scaleDown, behavior.child("scaleDown"), errors);
}

function validateTarget(
  target: MetricTarget | undefined,
  source: string,
  path: Path,
  errors: Errors,
): void {
  const { type = "", averageUtilization, averageValue, value } = target ?? {};
  const types = ["AverageValue", "Utilization", "Value"];
  if (type === "") errors.required(path.child("type"), "must specify a metric target type");
  else if (!types.includes(type)) {
    errors.invalid(path.child("type"), type, "must be either Utilization, Value, or AverageValue");
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.invalid(path.child("averageUtilization"), averageUtilization, "must be greater than 0");
  }
  for (const [member, text] of [["value", value], ["averageValue", averageValue]] as const) {
    const quantity = text === undefined ? undefined : tryParseQuantity(String(text));
    if (quantity !== undefined && quantity.nano <= 0n) {
      errors.invalid(path.child(member), text, "must be positive");
    }
  }
  validateTargetKind(target ?? {}, source, path, errors);
}

/** Which of the three amounts a source takes. */
function validateTargetKind(
  { averageUtilization, averageValue, value }: MetricTarget,
  source: string,
  path: Path,
  errors: Errors,
): void {
  switch (source) {
    case "resource":
    case "containerResource":
      if (averageUtilization === undefined && averageValue === undefined) {
        errors.required(
          path.child("averageUtilization"),
          "must set either a target raw value or a target utilization",
        );
      } else if (averageUtilization !== undefined && averageValue !== undefined) {
        errors.forbidden(
          path.child("averageValue"),
          "may not set both a target raw value and a target utilization",
        );
      }
      return;
    case "pods":
      if (averageValue === undefined) {
        errors.required(path.child("averageValue"), "must specify a positive target averageValue");
      }
      return;
    default:
      if (value === undefined && averageValue === undefined) {
        errors.required(
          path.child("averageValue"),
          `must set either a target value for metric or a per-pod target`,
        );
      } else if (source === "external" && value !== undefined && averageValue !== undefined) {
        errors.forbidden(
          path.child("value"),
          "may not set both a target value for metric and a per-pod target",
        );
      }
  }
}

const MAX_WINDOW_SECONDS = 3600;
const MAX_PERIOD_SECONDS = 1800;

function validateRules(rules: HPAScalingRules | undefined, path: Path, errors: Errors): void {
  if (rules === undefined) return;
  const { stabilizationWindowSeconds: window, policies = [], selectPolicy } = rules;
  if (window !== undefined && window < 0) {
    errors.invalid(
      path.child("stabilizationWindowSeconds"),
      window,
      "must be greater than or equal to zero",
    );
  }
  if (window !== undefined && window > MAX_WINDOW_SECONDS) {
    errors.invalid(
      path.child("stabilizationWindowSeconds"),
      window,
      `must be less than or equal to ${MAX_WINDOW_SECONDS}`,
    );
  }
  const tolerance = rules.tolerance === undefined
    ? undefined
    : tryParseQuantity(String(rules.tolerance));
  if (tolerance !== undefined && tolerance.nano < 0n) {
    errors.invalid(
      path.child("tolerance"),
      rules.tolerance,
      "must be greater than or equal to 0",
    );
  }
  if (policies.length === 0) {
    errors.required(path.child("policies"), "must specify at least one Policy");
  }
  const selections = ["Disabled", "Max", "Min"];
  if (selectPolicy !== undefined && !selections.includes(selectPolicy)) {
    errors.notSupported(path.child("selectPolicy"), selectPolicy, selections);
  }
  for (const [i, { type = "", value = 0, periodSeconds = 0 }] of policies.entries()) {
    const at = path.child("policies").at(i);
    if (type !== "Pods" && type !== "Percent") {
      errors.notSupported(at.child("type"), type, ["Percent", "Pods"]);
    }
    if (value <= 0) errors.invalid(at.child("value"), value, "must be greater than zero");
    if (periodSeconds <= 0) {
      errors.invalid(at.child("periodSeconds"), periodSeconds, "must be greater than zero");
    }
    if (periodSeconds > MAX_PERIOD_SECONDS) {
      errors.invalid(
        at.child("periodSeconds"),
        periodSeconds,
        `must be less than or equal to ${MAX_PERIOD_SECONDS}`,
      );
    }
  }
}
