import type { CronJob, Job, JobSpec, PodTemplateSpec } from "../generated/types.ts";
import { labelSelectorMatcher } from "../label_selector.ts";
import { isCronSchedule } from "./cron.ts";
import type { Errors } from "./errors.ts";
import { Path } from "./path.ts";
import { nonNegative } from "./pod/probes.ts";
import { validateJobPolicies } from "./job_policies.ts";
import { validatePodTemplate } from "./pod/spec.ts";
import { validateLabelSelector } from "./selector.ts";
import { immutable } from "./workloads.ts";

const SPEC = Path.of("spec");
const INDEXED = "Indexed";

export function validateJob({ spec = {}, metadata }: Job, errors: Errors): void {
  validateJobSpec(spec, SPEC, errors);
  const labels = spec.template?.metadata?.labels;
  if (spec.selector === undefined) errors.required(SPEC.child("selector"));
  else {
    const before = errors.list.length;
    validateLabelSelector(spec.selector, SPEC.child("selector"), errors);
    const good = errors.list.length === before;
    if (good && !labelSelectorMatcher(spec.selector).matches(labels)) {
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
  validateJobPolicies(spec, path, errors);
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
  const template = before.suspend === true
    ? withDirectives(now.template, before.template)
    : now.template;
  immutable(template, before.template, SPEC.child("template"), errors);
  for (const member of ["completionMode", "podFailurePolicy", "backoffLimitPerIndex"] as const) {
    immutable(now[member], before[member], SPEC.child(member), errors);
  }
  immutable(now.managedBy, before.managedBy, SPEC.child("managedBy"), errors);
  immutable(now.successPolicy, before.successPolicy, SPEC.child("successPolicy"), errors);
}

/** The new template with what may change while a job waits put back: where its pods go, and what they need. */
function withDirectives(
  now: PodTemplateSpec | undefined,
  before: PodTemplateSpec | undefined,
): PodTemplateSpec {
  const copy = structuredClone(now ?? {}) as Members;
  const old = (before ?? {}) as Members;
  restore(copy, old, "metadata", ["labels", "annotations"]);
  restore(copy, old, "spec", ["nodeSelector", "tolerations", "schedulingGates"]);
  const [spec, oldSpec] = [copy["spec"], old["spec"]] as [Members | undefined, Members | undefined];
  if (spec === undefined || oldSpec === undefined) return copy;
  restore(spec, oldSpec, "affinity", ["nodeAffinity"]);
  for (const member of ["containers", "initContainers"]) {
    const containers = (spec[member] ?? []) as Members[];
    for (const [i, container] of containers.entries()) {
      const other = ((oldSpec[member] ?? []) as Members[])[i];
      if (other?.["resources"] !== undefined) container["resources"] = other["resources"];
    }
  }
  return copy;
}

type Members = Record<string, unknown>;

function restore(next: Members, old: Members, member: string, names: readonly string[]): void {
  const [to, from] = [next[member], old[member]] as [Members | undefined, Members | undefined];
  if (to === undefined && from === undefined) return;
  const target = to ?? {};
  for (const name of names) {
    if (from?.[name] === undefined) delete target[name];
    else target[name] = from[name];
  }
  if (from === undefined && Object.keys(target).length === 0) delete next[member];
  else next[member] = target;
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
  } else if (timeZone?.toLowerCase() === "local") {
    errors.invalid(
      SPEC.child("timeZone"),
      timeZone,
      "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
    );
  } else if (timeZone !== undefined && !isTimeZone(timeZone)) {
    errors.invalid(SPEC.child("timeZone"), timeZone, `unknown time zone ${timeZone}`);
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

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
