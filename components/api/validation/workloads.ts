import { equalJson } from "../../base/mod.ts";
import type {
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  JobSpec,
  LabelSelector,
  PodTemplate,
  PodTemplateSpec,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from "../generated/types.ts";
import { type IntOrString, percentOf } from "../intstr.ts";
import { labelSelectorMatcher } from "../label_selector.ts";
import { percentProblems } from "../names.ts";
import { isCronSchedule } from "./cron.ts";
import type { Errors } from "./errors.ts";
import { IMMUTABLE } from "./metadata.ts";
import { Path } from "./path.ts";
import { nonNegative } from "./pod/probes.ts";
import { validatePodTemplate } from "./pod/spec.ts";
import { isEmptySelector, validateLabelSelector } from "./selector.ts";

const SPEC = Path.of("spec");

/** An amount that may be a percentage. */
export function validateAmount(
  value: IntOrString | undefined,
  path: Path,
  errors: Errors,
): void {
  if (value === undefined) return;
  if (typeof value === "string") errors.invalidAll(path, value, percentProblems(value));
  else nonNegative(value, path, errors);
}

function atMostAll(value: IntOrString | undefined, path: Path, errors: Errors): void {
  if (value !== undefined && (percentOf(value) ?? 0) > 100) {
    errors.invalid(path, value, "must not be greater than 100%");
  }
}

function isZero(value: IntOrString | undefined): boolean {
  return value === undefined || value === 0 || percentOf(value) === 0;
}

/** The selector must be there and select the template's own pods. */
function validateSelection(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
  kind: string,
  errors: Errors,
): void {
  const at = SPEC.child("selector");
  if (selector === undefined) errors.required(at);
  else {
    const before = errors.list.length;
    validateLabelSelector(selector, at, errors);
    if (isEmptySelector(selector)) {
      errors.invalid(at, selector, `empty selector is invalid for ${kind}`);
    }
    if (errors.list.length > before || template === undefined) return;
    const labels = template.metadata?.labels;
    if (!labelSelectorMatcher(selector).matches(labels)) {
      errors.invalid(
        SPEC.child("template").child("metadata").child("labels"),
        labels ?? null,
        "`selector` does not match template `labels`",
      );
    }
  }
}

/** Controllers of long-running pods restart them always. */
function alwaysRestarts(template: PodTemplateSpec | undefined, errors: Errors): void {
  const at = SPEC.child("template").child("spec");
  const policy = template?.spec?.restartPolicy;
  if (policy !== undefined && policy !== "" && policy !== "Always") {
    errors.notSupported(at.child("restartPolicy"), policy, ["Always"]);
  }
  if (template?.spec?.activeDeadlineSeconds !== undefined) {
    errors.forbidden(
      at.child("activeDeadlineSeconds"),
      "activeDeadlineSeconds in ReplicaSet is not Supported",
    );
  }
}

function immutable(now: unknown, before: unknown, path: Path, errors: Errors): void {
  if (!equalJson(now, before)) errors.invalid(path, now ?? null, IMMUTABLE);
}

export function validateDeployment({ spec = {} }: Deployment, errors: Errors): void {
  nonNegative(spec.replicas ?? 0, SPEC.child("replicas"), errors);
  validateSelection(spec.selector, spec.template, "deployment", errors);
  validatePodTemplate(spec.template, SPEC.child("template"), errors);
  alwaysRestarts(spec.template, errors);
  const at = SPEC.child("strategy");
  const { type = "", rollingUpdate } = spec.strategy ?? {};
  if (type === "Recreate") {
    if (rollingUpdate !== undefined) {
      errors.forbidden(
        at.child("rollingUpdate"),
        "may not be specified when strategy `type` is 'Recreate'",
      );
    }
  } else if (type === "RollingUpdate") {
    const rolling = at.child("rollingUpdate");
    if (rollingUpdate === undefined) {
      errors.required(rolling, "this should be defaulted and never be nil");
    } else {
      const { maxUnavailable, maxSurge } = rollingUpdate;
      validateAmount(maxUnavailable, rolling.child("maxUnavailable"), errors);
      validateAmount(maxSurge, rolling.child("maxSurge"), errors);
      if (isZero(maxUnavailable) && isZero(maxSurge)) {
        errors.invalid(
          rolling.child("maxUnavailable"),
          maxUnavailable ?? 0,
          "may not be 0 when `maxSurge` is 0",
        );
      }
      atMostAll(maxUnavailable, rolling.child("maxUnavailable"), errors);
    }
  } else errors.notSupported(at.child("type"), type, ["Recreate", "RollingUpdate"]);
  nonNegative(spec.minReadySeconds, SPEC.child("minReadySeconds"), errors);
  nonNegative(spec.revisionHistoryLimit, SPEC.child("revisionHistoryLimit"), errors);
  const { progressDeadlineSeconds: deadline, minReadySeconds = 0 } = spec;
  if (deadline !== undefined) {
    nonNegative(deadline, SPEC.child("progressDeadlineSeconds"), errors);
    if (deadline <= minReadySeconds) {
      errors.invalid(
        SPEC.child("progressDeadlineSeconds"),
        deadline,
        "must be greater than minReadySeconds",
      );
    }
  }
}

export function validateDeploymentUpdate(next: Deployment, old: Deployment, errors: Errors): void {
  validateDeployment(next, errors);
  immutable(next.spec?.selector, old.spec?.selector, SPEC.child("selector"), errors);
}

export function validateReplicaSet({ spec = {} }: ReplicaSet, errors: Errors): void {
  nonNegative(spec.replicas ?? 0, SPEC.child("replicas"), errors);
  nonNegative(spec.minReadySeconds, SPEC.child("minReadySeconds"), errors);
  validateSelection(spec.selector, spec.template, "ReplicaSet", errors);
  if (spec.template === undefined) return errors.required(SPEC.child("template"));
  validatePodTemplate(spec.template, SPEC.child("template"), errors);
  alwaysRestarts(spec.template, errors);
}

export function validateReplicaSetUpdate(next: ReplicaSet, old: ReplicaSet, errors: Errors): void {
  validateReplicaSet(next, errors);
  immutable(next.spec?.selector, old.spec?.selector, SPEC.child("selector"), errors);
}

export function validateReplicationController(
  { spec = {} }: ReplicationController,
  errors: Errors,
): void {
  nonNegative(spec.minReadySeconds, SPEC.child("minReadySeconds"), errors);
  const selector = spec.selector ?? {};
  if (Object.keys(selector).length === 0) errors.required(SPEC.child("selector"));
  nonNegative(spec.replicas ?? 0, SPEC.child("replicas"), errors);
  if (spec.template === undefined) return errors.required(SPEC.child("template"));
  const labels = spec.template.metadata?.labels;
  if (!labelSelectorMatcher({ matchLabels: selector }).matches(labels)) {
    errors.invalid(
      SPEC.child("template").child("metadata").child("labels"),
      labels ?? null,
      "`selector` does not match template `labels`",
    );
  }
  validatePodTemplate(spec.template, SPEC.child("template"), errors);
  alwaysRestarts(spec.template, errors);
}

export function validateDaemonSet({ spec = {} }: DaemonSet, errors: Errors): void {
  validateSelection(spec.selector, spec.template, "daemonset", errors);
  validatePodTemplate(spec.template, SPEC.child("template"), errors);
  alwaysRestarts(spec.template, errors);
  nonNegative(spec.minReadySeconds, SPEC.child("minReadySeconds"), errors);
  const at = SPEC.child("updateStrategy");
  const { type = "", rollingUpdate } = spec.updateStrategy ?? {};
  if (type === "RollingUpdate") {
    const rolling = at.child("rollingUpdate");
    if (rollingUpdate === undefined) errors.required(rolling);
    else {
      const { maxUnavailable, maxSurge } = rollingUpdate;
      validateAmount(maxUnavailable, rolling.child("maxUnavailable"), errors);
      atMostAll(maxUnavailable, rolling.child("maxUnavailable"), errors);
      validateAmount(maxSurge, rolling.child("maxSurge"), errors);
      atMostAll(maxSurge, rolling.child("maxSurge"), errors);
      if (!isZero(maxUnavailable) && !isZero(maxSurge)) {
        errors.invalid(
          rolling.child("maxSurge"),
          maxSurge,
          "may not be set when maxUnavailable is non-zero",
        );
      }
      if (isZero(maxUnavailable) && isZero(maxSurge)) {
        errors.required(
          rolling.child("maxUnavailable"),
          "cannot be 0 when maxSurge is 0",
        );
      }
    }
  } else if (type !== "OnDelete") {
    errors.notSupported(at.child("type"), type, ["OnDelete", "RollingUpdate"]);
  }
  nonNegative(spec.revisionHistoryLimit, SPEC.child("revisionHistoryLimit"), errors);
}

export function validateDaemonSetUpdate(next: DaemonSet, old: DaemonSet, errors: Errors): void {
  validateDaemonSet(next, errors);
  immutable(next.spec?.selector, old.spec?.selector, SPEC.child("selector"), errors);
}

export function validateStatefulSet({ spec = {} }: StatefulSet, errors: Errors): void {
  const { podManagementPolicy: policy = "", updateStrategy = {} } = spec;
  if (policy === "") errors.required(SPEC.child("podManagementPolicy"));
  else if (policy !== "OrderedReady" && policy !== "Parallel") {
    errors.invalid(
      SPEC.child("podManagementPolicy"),
      policy,
      "must be 'OrderedReady' or 'Parallel'",
    );
  }
  const at = SPEC.child("updateStrategy");
  const { type = "", rollingUpdate } = updateStrategy;
  if (type === "") errors.required(at);
  else if (type === "OnDelete") {
    if (rollingUpdate !== undefined) {
      errors.invalid(
        at.child("rollingUpdate"),
        rollingUpdate,
        "only allowed for updateStrategy 'RollingUpdate'",
      );
    }
  } else if (type === "RollingUpdate") {
    nonNegative(rollingUpdate?.partition, at.child("rollingUpdate").child("partition"), errors);
  }
  nonNegative(spec.replicas ?? 0, SPEC.child("replicas"), errors);
  nonNegative(spec.minReadySeconds, SPEC.child("minReadySeconds"), errors);
  nonNegative(spec.ordinals?.start, SPEC.child("ordinals").child("start"), errors);
  validateSelection(spec.selector, spec.template, "statefulset", errors);
  validatePodTemplate(spec.template, SPEC.child("template"), errors);
  alwaysRestarts(spec.template, errors);
}

const STATEFUL_MUTABLE = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
];

export function validateStatefulSetUpdate(
  next: StatefulSet,
  old: StatefulSet,
  errors: Errors,
): void {
  validateStatefulSet(next, errors);
  const fixed = (spec: StatefulSet["spec"]) =>
    Object.fromEntries(
      Object.entries(spec ?? {}).filter(([member]) => !STATEFUL_MUTABLE.includes(member)),
    );
  if (!equalJson(fixed(next.spec), fixed(old.spec))) {
    errors.forbidden(
      SPEC,
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    );
  }
}

export function validatePodTemplateObject({ template }: PodTemplate, errors: Errors): void {
  validatePodTemplate(template, Path.of("template"), errors);
}

const INDEXED = "Indexed";

export function validateJob({ spec = {}, metadata }: Job, errors: Errors): void {
  validateJobSpec(spec, SPEC, errors);
  const labels = spec.template?.metadata?.labels;
  if (spec.selector === undefined) errors.required(SPEC.child("selector"));
  else {
    validateLabelSelector(spec.selector, SPEC.child("selector"), errors);
    if (!labelSelectorMatcher(spec.selector).matches(labels)) {
      errors.invalid(
        SPEC.child("template").child("metadata").child("labels"),
        labels ?? null,
        "`selector` does not match template `labels`",
      );
    }
  }
  const name = metadata?.name ?? "";
  if (spec.completionMode === INDEXED && (spec.completions ?? 0) > 0) {
    const host = `${name}-${(spec.completions ?? 1) - 1}`;
    if (host.length > 63) {
      errors.invalid(
        Path.of("metadata", "name"),
        name,
        "will not able to create pod with invalid DNS label: must be no more than 63 bytes",
      );
    }
  }
}

export function validateJobSpec(spec: JobSpec, path: Path, errors: Errors): void {
  for (
    const member of [
      "parallelism",
      "completions",
      "activeDeadlineSeconds",
      "backoffLimit",
      "ttlSecondsAfterFinished",
      "backoffLimitPerIndex",
      "maxFailedIndexes",
    ] as const
  ) {
    nonNegative(spec[member], path.child(member), errors);
  }
  const { completionMode = "NonIndexed", completions, parallelism } = spec;
  if (completionMode !== "NonIndexed" && completionMode !== INDEXED) {
    errors.notSupported(path.child("completionMode"), completionMode, [INDEXED, "NonIndexed"]);
  }
  if (completionMode === INDEXED) {
    if (completions === undefined) {
      errors.required(
        path.child("completions"),
        "when completion mode is Indexed",
      );
    }
    if ((parallelism ?? 0) > 100_000) {
      errors.invalid(
        path.child("parallelism"),
        parallelism,
        "must be less than or equal to 100000 when completion mode is Indexed",
      );
    }
  } else if (spec.backoffLimitPerIndex !== undefined) {
    errors.invalid(
      path.child("backoffLimitPerIndex"),
      spec.backoffLimitPerIndex,
      "requires indexed completion mode",
    );
  }
  const template = path.child("template");
  validatePodTemplate(spec.template, template, errors);
  const policy = spec.template?.spec?.restartPolicy;
  const restart = template.child("spec").child("restartPolicy");
  if (policy === undefined || policy === "" || policy === "Always") {
    errors.required(restart, 'valid values: "OnFailure", "Never"');
  } else if (policy !== "OnFailure" && policy !== "Never") {
    errors.notSupported(restart, policy, ["OnFailure", "Never"]);
  } else if (spec.podFailurePolicy !== undefined && policy !== "Never") {
    errors.invalid(
      restart,
      policy,
      'only "Never" is supported when podFailurePolicy is specified',
    );
  }
}

export function validateJobUpdate(next: Job, old: Job, errors: Errors): void {
  validateJob(next, errors);
  const [now, before] = [next.spec ?? {}, old.spec ?? {}];
  if (now.completionMode !== INDEXED || now.completions !== now.parallelism) {
    immutable(now.completions, before.completions, SPEC.child("completions"), errors);
  }
  immutable(now.selector, before.selector, SPEC.child("selector"), errors);
  const suspended = before.suspend === true && old.status?.startTime === undefined;
  if (!suspended) immutable(now.template, before.template, SPEC.child("template"), errors);
  for (const member of ["completionMode", "podFailurePolicy", "backoffLimitPerIndex"] as const) {
    immutable(now[member], before[member], SPEC.child(member), errors);
  }
  immutable(now.managedBy, before.managedBy, SPEC.child("managedBy"), errors);
  immutable(now.successPolicy, before.successPolicy, SPEC.child("successPolicy"), errors);
}

const MAX_CRON_JOB_NAME = 52;

export function validateCronJob({ spec = {}, metadata }: CronJob, errors: Errors): void {
  const { schedule = "", concurrencyPolicy = "", timeZone } = spec;
  const policies = ["Allow", "Forbid", "Replace"];
  if (schedule === "") errors.required(SPEC.child("schedule"));
  else if (!isCronSchedule(schedule)) {
    errors.invalid(
      SPEC.child("schedule"),
      schedule,
      `failed to parse spec schedule: ${JSON.stringify(schedule)}`,
    );
  } else if (schedule.includes("TZ=")) {
    errors.invalid(
      SPEC.child("schedule"),
      schedule,
      "cannot use TZ or CRON_TZ in schedule, use timeZone field instead",
    );
  }
  nonNegative(spec.startingDeadlineSeconds, SPEC.child("startingDeadlineSeconds"), errors);
  if (concurrencyPolicy === "") errors.required(SPEC.child("concurrencyPolicy"));
  else if (!policies.includes(concurrencyPolicy)) {
    errors.notSupported(SPEC.child("concurrencyPolicy"), concurrencyPolicy, policies);
  }
  nonNegative(spec.successfulJobsHistoryLimit, SPEC.child("successfulJobsHistoryLimit"), errors);
  nonNegative(spec.failedJobsHistoryLimit, SPEC.child("failedJobsHistoryLimit"), errors);
  if (timeZone === "") {
    errors.invalid(SPEC.child("timeZone"), "", "timeZone must be nil or non-empty string");
  }
  const at = SPEC.child("jobTemplate").child("spec");
  if (spec.jobTemplate?.spec?.manualSelector === true) {
    errors.notSupported(at.child("manualSelector"), true, ["nil", "false"]);
  }
  validateJobSpec(spec.jobTemplate?.spec ?? {}, at, errors);
  const name = metadata?.name ?? "";
  if (name.length > MAX_CRON_JOB_NAME) {
    errors.invalid(
      Path.of("metadata", "name"),
      name,
      `must be no more than ${MAX_CRON_JOB_NAME} characters`,
    );
  }
}
