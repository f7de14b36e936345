import { equalJson } from "../../base/mod.ts";
import type {
  DaemonSet,
  Deployment,
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

/** A percentage is one of a whole. */
export function atMostAll(value: IntOrString | undefined, path: Path, errors: Errors): void {
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

/** Controllers of long-running pods restart them always, and each says in its own words that they have no deadline. */
function alwaysRestarts(
  template: PodTemplateSpec | undefined,
  kind: "ReplicaSet" | "ReplicationController" | "DaemonSet" | "StatefulSet",
  errors: Errors,
): void {
  const at = SPEC.child("template").child("spec");
  const { restartPolicy: policy, activeDeadlineSeconds: deadline } = template?.spec ?? {};
  if (policy !== undefined && policy !== "" && policy !== "Always") {
    errors.notSupported(at.child("restartPolicy"), policy, ["Always"]);
  }
  if (deadline === undefined) return;
  if (kind === "DaemonSet") {
    errors.invalid(at.child("activeDeadlineSeconds"), deadline, "must not be specified");
  } else {
    errors.forbidden(
      at.child("activeDeadlineSeconds"),
      `activeDeadlineSeconds in ${kind} is not Supported`,
    );
  }
}

/** A member that stays what it was. */
export function immutable(now: unknown, before: unknown, path: Path, errors: Errors): void {
  if (!equalJson(now, before)) errors.invalid(path, now ?? null, IMMUTABLE);
}

export function validateDeployment({ spec = {} }: Deployment, errors: Errors): void {
  nonNegative(spec.replicas ?? 0, SPEC.child("replicas"), errors);
  validateSelection(spec.selector, spec.template, "deployment", errors);
  validatePodTemplate(spec.template, SPEC.child("template"), errors);
  alwaysRestarts(spec.template, "ReplicaSet", errors);
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
  alwaysRestarts(spec.template, "ReplicaSet", errors);
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
  alwaysRestarts(spec.template, "ReplicationController", errors);
}

export function validateDaemonSet({ spec = {} }: DaemonSet, errors: Errors): void {
  validateSelection(spec.selector, spec.template, "daemonset", errors);
  validatePodTemplate(spec.template, SPEC.child("template"), errors);
  alwaysRestarts(spec.template, "DaemonSet", errors);
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
  const retention = SPEC.child("persistentVolumeClaimRetentionPolicy");
  for (const member of ["whenDeleted", "whenScaled"] as const) {
    const policy = spec.persistentVolumeClaimRetentionPolicy?.[member];
    if (policy !== undefined && policy !== "Retain" && policy !== "Delete") {
      errors.notSupported(retention.child(member), policy, ["Retain", "Delete"]);
    }
  }
  nonNegative(spec.ordinals?.start, SPEC.child("ordinals").child("start"), errors);
  validateSelection(spec.selector, spec.template, "statefulset", errors);
  validatePodTemplate(withClaims(spec), SPEC.child("template"), errors);
  alwaysRestarts(spec.template, "StatefulSet", errors);
}

/** The template as its pods will be: each claim is a volume of them, in the place of one of the same name. */
function withClaims(
  { template, volumeClaimTemplates = [] }: NonNullable<StatefulSet["spec"]>,
): PodTemplateSpec | undefined {
  const names = new Set(volumeClaimTemplates.flatMap(({ metadata }) => metadata?.name ?? []));
  if (template?.spec === undefined || names.size === 0) return template;
  const volumes = (template.spec.volumes ?? []).filter(({ name }) => !names.has(name ?? ""));
  const claims = [...names].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return { ...template, spec: { ...template.spec, volumes: [...volumes, ...claims] } };
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
