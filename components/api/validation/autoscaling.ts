import type {
  AutoscalingV1HorizontalPodAutoscaler,
  HorizontalPodAutoscaler,
  HPAScalingRules,
  PodDisruptionBudget,
} from "../generated/types.ts";
import { tryParseQuantity } from "../quantity.ts";
import { validateConditions } from "./conditions.ts";
import type { Errors } from "./errors.ts";
import { validateMetric, validateReference } from "./metric.ts";
import { Path } from "./path.ts";
import { nonNegative } from "./pod/probes.ts";
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

/** What the controller counts. */
export function validateDisruptionBudgetStatus(
  { status = {} }: PodDisruptionBudget,
  _old: PodDisruptionBudget,
  errors: Errors,
): void {
  const at = Path.of("status");
  validateConditions(status.conditions ?? [], at.child("conditions"), errors);
  for (
    const member of [
      "disruptionsAllowed",
      "currentHealthy",
      "desiredHealthy",
      "expectedPods",
    ] as const
  ) nonNegative(status[member], at.child(member), errors);
}

type Target = { apiVersion?: string; kind?: string; name?: string } | undefined;

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
  validateReference(scaleTargetRef, SPEC.child("scaleTargetRef"), errors);
}

/** What the controller counts, in both versions. */
export function validateAutoscalerStatus(
  { status = {} }: { status?: { currentReplicas?: number; desiredReplicas?: number } },
  _old: unknown,
  errors: Errors,
): void {
  for (const member of ["currentReplicas", "desiredReplicas"] as const) {
    nonNegative(status[member], Path.of("status", member), errors);
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

export function validateAutoscaler({ spec = {} }: HorizontalPodAutoscaler, errors: Errors): void {
  validateScale(spec, errors);
  for (const [i, metric] of (spec.metrics ?? []).entries()) {
    validateMetric(metric, SPEC.child("metrics").at(i), errors);
  }
  const behavior = SPEC.child("behavior");
  validateRules(spec.behavior?.scaleUp, behavior.child("scaleUp"), errors);
  validateRules(spec.behavior?.scaleDown, behavior.child("scaleDown"), errors);
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
