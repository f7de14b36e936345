import type {
  CronJob,
  Job,
  PodTemplateSpec,
  RuntimeClass,
  ServiceAccount,
  StatefulSet,
} from "../../generated/types.ts";
import type { KubeObject } from "../../object.ts";
import { dnsLabelProblems } from "../../names.ts";
import { Path } from "../path.ts";
import { selectorWarnings } from "./labels.ts";
import { podAnnotationWarnings, podSpecWarnings } from "./pods.ts";
import { claimSpecWarnings } from "./volumes.ts";

const SPEC = Path.of("spec");

/** What is odd in the pods that something would make. */
export function templateWarnings(template: PodTemplateSpec | undefined, path: Path): string[] {
  return [
    ...podAnnotationWarnings(template?.metadata, path.child("metadata"), template?.spec),
    ...podSpecWarnings(template?.spec, path.child("spec")),
  ];
}

/** True for a change that asks for nothing else: it was told before. */
const isSame = (next: KubeObject, previous: KubeObject | undefined): boolean =>
  previous !== undefined && next.metadata?.generation === previous.metadata?.generation;

/** A name that the names of pods, and of their hosts, begin with; told when it is new. */
export function hostNameWarnings({ metadata }: KubeObject, previous: unknown): string[] {
  const name = metadata?.name ?? "";
  const problems = name === "" || previous !== undefined ? [] : dnsLabelProblems(name);
  return problems.length === 0 ? [] : [
    "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is " +
    `recommended: [${problems.join(" ")}]`,
  ];
}

type Templated = KubeObject & { readonly spec?: { readonly template?: PodTemplateSpec } };

/** Of kinds whose pods are named by them. */
export function workloadWarnings(next: Templated, previous: Templated | undefined): string[] {
  return [
    ...hostNameWarnings(next, previous),
    ...daemonSetWarnings(next, previous),
  ];
}

/** Of kinds whose pods have names of other forms. */
export function daemonSetWarnings(next: Templated, previous: Templated | undefined): string[] {
  if (isSame(next, previous)) return [];
  return templateWarnings(next.spec?.template, SPEC.child("template"));
}

export function statefulSetWarnings(
  next: StatefulSet,
  previous: StatefulSet | undefined,
): string[] {
  if (isSame(next, previous)) return [];
  const { spec = {} } = next;
  return [
    ...templateWarnings(spec.template, SPEC.child("template")),
    ...(spec.volumeClaimTemplates ?? []).flatMap(({ spec: claim }, i) =>
      claimSpecWarnings(claim, SPEC.child("volumeClaimTemplates").at(i))
    ),
    ...(spec.revisionHistoryLimit ?? 0) < 0
      ? [
        "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended",
      ]
      : [],
  ];
}

const COMPLETIONS_TRACKED = 100_000;
const PARALLELISM_TRACKED = 10_000;

export function jobWarnings(next: Job, previous: Job | undefined): string[] {
  if (isSame(next, previous)) return [];
  const { completions = 0, completionMode, parallelism = 0 } = next.spec ?? {};
  const many = completionMode === "Indexed" && completions > COMPLETIONS_TRACKED &&
    parallelism > PARALLELISM_TRACKED;
  return [
    ...hostNameWarnings(next, previous),
    ...many
      ? [
        "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes " +
        "might not be able to track completedIndexes when a big number of indexes fail",
      ]
      : [],
    ...templateWarnings(next.spec?.template, SPEC.child("template")),
  ];
}

export function cronJobWarnings(next: CronJob, previous: CronJob | undefined): string[] {
  if (isSame(next, previous)) return [];
  const { jobTemplate, schedule = "" } = next.spec ?? {};
  return [
    ...hostNameWarnings(next, previous),
    ...templateWarnings(
      jobTemplate?.spec?.template,
      SPEC.child("jobTemplate").child("spec").child("template"),
    ),
    ...schedule.includes("TZ")
      ? [
        "CRON_TZ or TZ used in spec.schedule is not officially supported, see " +
        "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details",
      ]
      : [],
  ];
}

export function runtimeClassWarnings({ scheduling }: RuntimeClass): string[] {
  return selectorWarnings(scheduling?.nodeSelector, Path.of("scheduling", "nodeSelector"));
}

const MOUNTABLE = "kubernetes.io/enforce-mountable-secrets";

export function accountWarnings({ metadata }: ServiceAccount): string[] {
  return metadata?.annotations?.[MOUNTABLE] === undefined ? [] : [
    `${
      Path.of("metadata", "annotations").key(MOUNTABLE)
    }: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
  ];
}
