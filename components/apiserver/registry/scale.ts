import { badRequest, invalid, isJsonObject, type JsonObject } from "../../base/mod.ts";
import { formatLabelSelector, type KubeObject, type LabelSelector } from "../../api/served.ts";

/** autoscaling/v1 Scale. */
export interface Scale extends KubeObject {
  spec: { replicas?: number };
  status: { replicas: number; selector?: string };
}

interface Scalable extends KubeObject {
  spec?: {
    replicas?: number;
    selector?: LabelSelector | Record<string, string>;
    [other: string]: unknown;
  };
  status?: { replicas?: number };
}

/** The scale of a workload. A replication controller's selector is a plain map. */
export function scaleOf(object: KubeObject): Scale {
  const { spec = {}, status = {} } = object as Scalable;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {};
  const selector = spec.selector;
  const plain = selector !== undefined && !("matchLabels" in selector) &&
    !("matchExpressions" in selector);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    spec: spec.replicas === undefined ? {} : { replicas: spec.replicas },
    status: {
      replicas: status.replicas ?? 0,
      ...(selector === undefined ? {} : {
        selector: plain
          ? Object.entries(selector as Record<string, string>).map(([key, value]) =>
            `${key}=${value}`
          ).sort().join(",")
          : formatLabelSelector(selector as LabelSelector),
      }),
    },
  };
}

/** The workload with the replicas of a scale. */
export function withScale(object: KubeObject, scale: JsonObject): KubeObject {
  const spec = scale["spec"];
  const replicas = isJsonObject(spec) ? spec["replicas"] ?? 0 : 0;
  if (typeof replicas !== "number" || !Number.isInteger(replicas)) {
    throw badRequest("spec.replicas must be a whole number");
  }
  const name = object.metadata?.name ?? "";
  if (replicas < 0) {
    throw invalid({ group: "autoscaling", kind: "Scale" }, name, [{
      reason: "FieldValueInvalid",
      message: `Invalid value: ${replicas}: must be greater than or equal to 0`,
      field: "spec.replicas",
    }]);
  }
  const meta = scale["metadata"];
  const revision = isJsonObject(meta) && typeof meta["resourceVersion"] === "string"
    ? meta["resourceVersion"]
    : "";
  const uid = isJsonObject(meta) && typeof meta["uid"] === "string" ? meta["uid"] : undefined;
  return {
    ...object,
    metadata: {
      ...object.metadata,
      resourceVersion: revision,
      ...(uid === undefined ? {} : { uid }),
    },
    spec: { ...(object as Scalable).spec, replicas },
  } as KubeObject;
}
