import { cloneJson, type JsonObject } from "../../base/mod.ts";
import { PERSISTENT_VOLUME_CLAIM, templateLabels } from "./core.ts";
import { all, at, ensureStruct, type Fill, fill, isEmpty, structAt, structsAt } from "./fill.ts";
import { SPEC_TEMPLATE } from "./pod_spec.ts";

const MAX_INT32 = 2_147_483_647;

/** A strategy's type, and the numbers of a rolling update. */
function rollingUpdate(
  spec: JsonObject,
  member: string,
  numbers: Readonly<Record<string, string | number>>,
): void {
  const strategy = ensureStruct(spec, member);
  if (isEmpty(strategy["type"])) strategy["type"] = "RollingUpdate";
  if (strategy["type"] !== "RollingUpdate") return;
  const rolling = ensureStruct(strategy, "rollingUpdate");
  for (const name in numbers) rolling[name] ??= numbers[name];
}

function statefulSet(spec: JsonObject): void {
  if (isEmpty(spec["podManagementPolicy"])) spec["podManagementPolicy"] = "OrderedReady";
  const strategy = ensureStruct(spec, "updateStrategy");
  if (isEmpty(strategy["type"])) {
    strategy["type"] = "RollingUpdate";
    ensureStruct(strategy, "rollingUpdate");
  }
  if (strategy["type"] === "RollingUpdate") {
    const rolling = structAt(strategy, "rollingUpdate");
    if (rolling !== undefined) rolling["partition"] ??= 0;
  }
  const retention = ensureStruct(spec, "persistentVolumeClaimRetentionPolicy");
  if (isEmpty(retention["whenDeleted"])) retention["whenDeleted"] = "Retain";
  if (isEmpty(retention["whenScaled"])) retention["whenScaled"] = "Retain";
  spec["replicas"] ??= 1;
  spec["revisionHistoryLimit"] ??= 10;
  for (const claim of structsAt(spec, "volumeClaimTemplates")) {
    claim["apiVersion"] = "v1";
    claim["kind"] = "PersistentVolumeClaim";
    PERSISTENT_VOLUME_CLAIM(claim);
  }
}

function job(value: JsonObject): void {
  const spec = structAt(value, "spec");
  if (spec === undefined) return;
  if (spec["completions"] === undefined && spec["parallelism"] === undefined) {
    spec["completions"] = 1;
  }
  spec["parallelism"] ??= 1;
  spec["backoffLimit"] ??= spec["backoffLimitPerIndex"] === undefined ? 6 : MAX_INT32;
  const labels = templateLabels(spec);
  if (labels !== undefined) {
    const metadata = ensureStruct(value, "metadata");
    if (isEmpty(metadata["labels"])) metadata["labels"] = cloneJson(labels);
  }
  spec["completionMode"] ??= "NonIndexed";
  spec["suspend"] ??= false;
  spec["podReplacementPolicy"] ??= spec["podFailurePolicy"] === undefined
    ? "TerminatingOrFailed"
    : "Failed";
  spec["manualSelector"] ??= false;
}

const FAILURE_POLICY: Fill = at(
  "spec.podFailurePolicy",
  fill({
    each: {
      rules: fill({ each: { onPodConditions: fill({ empty: { status: "True" } }) } }),
    },
  }),
);

/** Defaults of `apps`, by kind. */
export const APPS_DEFAULTS: Readonly<Record<string, Fill>> = {
  DaemonSet: all(
    at("spec", (spec) => {
      rollingUpdate(spec, "updateStrategy", { maxUnavailable: 1, maxSurge: 0 });
      spec["revisionHistoryLimit"] ??= 10;
    }),
    SPEC_TEMPLATE,
  ),
  Deployment: all(
    at("spec", (spec) => {
      spec["replicas"] ??= 1;
      rollingUpdate(spec, "strategy", { maxUnavailable: "25%", maxSurge: "25%" });
      spec["revisionHistoryLimit"] ??= 10;
      spec["progressDeadlineSeconds"] ??= 600;
    }),
    SPEC_TEMPLATE,
  ),
  ReplicaSet: all(at("spec", fill({ absent: { replicas: 1 } })), SPEC_TEMPLATE),
  StatefulSet: all(at("spec", statefulSet), SPEC_TEMPLATE),
};

/** Defaults of `batch`, by kind. */
export const BATCH_DEFAULTS: Readonly<Record<string, Fill>> = {
  CronJob: all(
    at(
      "spec",
      fill({
        empty: { concurrencyPolicy: "Allow" },
        absent: { suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 },
      }),
    ),
    at("spec.jobTemplate", all(FAILURE_POLICY, SPEC_TEMPLATE)),
  ),
  Job: all(job, FAILURE_POLICY, SPEC_TEMPLATE),
};

const CPU_METRIC = {
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
};
const DOUBLE = { type: "Percent", value: 100, periodSeconds: 15 };

/** Defaults of `autoscaling/v2`. */
export const AUTOSCALING_V2_DEFAULTS: Readonly<Record<string, Fill>> = {
  HorizontalPodAutoscaler: at("spec", (spec) => {
    spec["minReplicas"] ??= 1;
    if (isEmpty(spec["metrics"])) spec["metrics"] = [cloneJson(CPU_METRIC)];
    const behavior = structAt(spec, "behavior");
    if (behavior === undefined) return;
    scalingRules(ensureStruct(behavior, "scaleUp"), [
      { type: "Pods", value: 4, periodSeconds: 15 },
      DOUBLE,
    ], 0);
    scalingRules(ensureStruct(behavior, "scaleDown"), [DOUBLE], undefined);
  }),
};

/** The old version has one metric of its own; others travel in this annotation. */
const METRICS_ANNOTATION = "autoscaling.alpha.kubernetes.io/metrics";

/** Defaults of `autoscaling/v1`. */
export const AUTOSCALING_V1_DEFAULTS: Readonly<Record<string, Fill>> = {
  HorizontalPodAutoscaler(value) {
    const spec = structAt(value, "spec");
    if (spec === undefined) return;
    spec["minReplicas"] ??= 1;
    const annotations = structAt(structAt(value, "metadata"), "annotations");
    if (isEmpty(annotations?.[METRICS_ANNOTATION])) spec["targetCPUUtilizationPercentage"] ??= 80;
  },
};

function scalingRules(
  rules: JsonObject,
  policies: readonly JsonObject[],
  stabilization: number | undefined,
): void {
  rules["selectPolicy"] ??= "Max";
  if (stabilization !== undefined) rules["stabilizationWindowSeconds"] ??= stabilization;
  if (isEmpty(rules["policies"])) rules["policies"] = policies.map((policy) => cloneJson(policy));
}
