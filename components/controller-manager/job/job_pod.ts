import { type Job, JOBS, type Pod } from "../../api/mod.ts";
import { podFromTemplate } from "../pod_template.ts";
import { isGoing } from "../pod_state.ts";

export const TRACKING = "batch.kubernetes.io/job-tracking";
export const COMPLETION_INDEX = "batch.kubernetes.io/job-completion-index";
export const INDEX_FAILURES = "batch.kubernetes.io/job-index-failure-count";

export const isIndexed = (job: Job): boolean => job.spec?.completionMode === "Indexed";

/** True where a pod that still ends is not yet replaced. */
export const replacesOnlyFailed = (job: Job): boolean =>
  job.spec?.podFailurePolicy !== undefined || job.spec?.podReplacementPolicy === "Failed";

export const isTracked = (pod: Pod): boolean =>
  pod.metadata?.finalizers?.includes(TRACKING) ?? false;

/** The index of a pod of an indexed job; undefined for one that has none or too high a one. */
export function indexOf(pod: Pod, completions: number): number | undefined {
  const text = pod.metadata?.annotations?.[COMPLETION_INDEX];
  if (text === undefined || !/^[0-9]{1,9}$/.test(text)) return undefined;
  return Number(text) < completions ? Number(text) : undefined;
}

/** How often the index of a pod had failed before it. */
export function earlierFailures(pod: Pod): number {
  const text = pod.metadata?.annotations?.[INDEX_FAILURES] ?? "0";
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
}

/** Failed, or on its way out where that counts: such a pod may never come to say how it ended. */
export function hasFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === "Failed") return true;
  return isGoing(pod) && pod.status?.phase !== "Succeeded" && !replacesOnlyFailed(job);
}

/** A pod of a job; `failures` of its index so far, where the job counts them by index. */
export function jobPod(job: Job, index: number | undefined, failures: number | undefined): Pod {
  const pod = podFromTemplate(job.spec?.template, job, JOBS);
  const metadata = pod.metadata!;
  metadata.finalizers = [...metadata.finalizers ?? [], TRACKING];
  if (index === undefined) return pod;
  const name = job.metadata?.name ?? "";
  metadata.generateName = `${name}-${index}-`;
  metadata.labels = { ...metadata.labels, [COMPLETION_INDEX]: String(index) };
  metadata.annotations = {
    ...metadata.annotations,
    [COMPLETION_INDEX]: String(index),
    ...(failures === undefined ? {} : { [INDEX_FAILURES]: String(failures) }),
  };
  const variable = {
    name: "JOB_COMPLETION_INDEX",
    valueFrom: { fieldRef: { fieldPath: `metadata.labels['${COMPLETION_INDEX}']` } },
  };
  const withIndex = <C extends { env?: { name?: string }[] }>(container: C): C =>
    container.env?.some(({ name }) => name === variable.name)
      ? container
      : { ...container, env: [...container.env ?? [], variable] };
  const spec = pod.spec ?? {};
  pod.spec = {
    ...spec,
    hostname: `${name}-${index}`,
    ...(spec.containers === undefined ? {} : { containers: spec.containers.map(withIndex) }),
    ...(spec.initContainers === undefined
      ? {}
      : { initContainers: spec.initContainers.map(withIndex) }),
  };
  return pod;
}
