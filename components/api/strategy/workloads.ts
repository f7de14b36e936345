import { equalJson } from "../../base/mod.ts";
import type {
  ControllerRevision,
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  PodTemplate,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from "../generated/types.ts";
import { dnsLabelProblems } from "../names.ts";
import { IMMUTABLE } from "../validation/metadata.ts";
import { Path } from "../validation/path.ts";
import * as warnings from "../validation/warnings/workloads.ts";
import { validateCronJob, validateJob, validateJobUpdate } from "../validation/jobs.ts";
import {
  validateDaemonSet,
  validateDaemonSetUpdate,
  validateDeployment,
  validateDeploymentUpdate,
  validatePodTemplateObject,
  validateReplicaSet,
  validateReplicaSetUpdate,
  validateReplicationController,
  validateStatefulSet,
  validateStatefulSetUpdate,
} from "../validation/workloads.ts";
import * as status from "../validation/workload_status.ts";
import { rules, type RuleTable } from "./rules.ts";

const SPEC = ["spec"];
export const WORKLOAD_RULES: RuleTable = {
  "/PodTemplate": rules<PodTemplate>({
    generation: ["template"],
    returnsDeleted: true,
    create: validatePodTemplateObject,
    warnings: ({ template }) => warnings.templateWarnings(template, Path.of("template")),
  }),
  "/ReplicationController": rules<ReplicationController>({
    generation: SPEC,
    orphans: true,
    status: () => ({ replicas: 0 }),
    create: validateReplicationController,
    statusUpdate: status.validateReplicaStatus,
    warnings: warnings.workloadWarnings,
  }),
  "apps/ControllerRevision": rules<ControllerRevision>({
    create({ revision = 0, data }, errors) {
      if (data === undefined) errors.required(Path.of("data"), "data is mandatory");
      if (revision < 0) {
        errors.invalid(Path.of("revision"), revision, "must be greater than or equal to 0");
      }
    },
    update(next, previous, errors) {
      if (!equalJson(next.data, previous.data)) {
        errors.invalid(Path.of("data"), next.data ?? null, IMMUTABLE);
      }
    },
  }),
  "apps/DaemonSet": rules<DaemonSet>({
    generation: SPEC,
    status: () => ({
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
    }),
    warnings: warnings.daemonSetWarnings,
    create: validateDaemonSet,
    update: validateDaemonSetUpdate,
    statusUpdate: status.validateDaemonSetStatus,
  }),
  "apps/Deployment": rules<Deployment>({
    generation: ["spec", "annotations"],
    warnings: warnings.workloadWarnings,
    create: validateDeployment,
    update: validateDeploymentUpdate,
    statusUpdate: status.validateDeploymentStatus,
    prepareStatus(next, previous) {
      const metadata = next.metadata ??= {};
      if (previous.metadata?.labels === undefined) delete metadata.labels;
      else metadata.labels = previous.metadata.labels;
    },
  }),
  "apps/ReplicaSet": rules<ReplicaSet>({
    generation: SPEC,
    status: () => ({ replicas: 0 }),
    warnings: warnings.workloadWarnings,
    create: validateReplicaSet,
    update: validateReplicaSetUpdate,
    statusUpdate: status.validateReplicaStatus,
  }),
  "apps/StatefulSet": rules<StatefulSet>({
    generation: SPEC,
    names: dnsLabelProblems,
    status: () => ({ replicas: 0, availableReplicas: 0 }),
    warnings: warnings.statefulSetWarnings,
    create: validateStatefulSet,
    update: validateStatefulSetUpdate,
    statusUpdate: status.validateStatefulSetStatus,
  }),
  "batch/CronJob": rules<CronJob>({
    generation: SPEC,
    create: validateCronJob,
    warnings: warnings.cronJobWarnings,
  }),
  "batch/Job": rules<Job>({
    generation: SPEC,
    orphans: true,
    warnings: warnings.jobWarnings,
    create: validateJob,
    update: validateJobUpdate,
    statusUpdate: status.validateJobStatus,
    prepareCreate: labelJob,
  }),
};

/** A job finds its pods by its own uid, unless its maker chose the selector. */
function labelJob(job: Job): void {
  const { spec, metadata } = job;
  if (spec === undefined || spec.manualSelector === true) return;
  const [uid, name] = [metadata?.uid ?? "", metadata?.name ?? ""];
  const template = spec.template ??= {};
  const labels = {
    ...template.metadata?.labels,
    "controller-uid": uid,
    "batch.kubernetes.io/controller-uid": uid,
    "job-name": name,
    "batch.kubernetes.io/job-name": name,
  };
  template.metadata = { ...template.metadata, labels };
  const selector = spec.selector ?? {};
  spec.selector = {
    ...selector,
    matchLabels: { ...selector.matchLabels, "batch.kubernetes.io/controller-uid": uid },
  };
  if (Object.keys(metadata?.labels ?? {}).length === 0 && metadata !== undefined) {
    metadata.labels = { ...labels };
  }
}
