import {
  badRequest,
  cloneJson,
  internalError,
  isJsonObject,
  type JsonObject,
} from "../../base/mod.ts";
import {
  type KubeObject,
  pathSteps,
  replicasAt,
  type ScalePaths,
  selectorAt,
  valueAt,
} from "../../api/served.ts";
import { asJson } from "./encoding.ts";
import { type Scale, scaleOf, withScale } from "./scale.ts";

/** The scale of an object: of a workload, or of a custom resource by its paths. */
export function scaleFrom(object: KubeObject, paths: ScalePaths | undefined): Scale {
  if (paths === undefined) return scaleOf(object);
  const json = asJson(object);
  const spec = replicasAt(json, paths.specReplicas);
  const status = replicasAt(json, paths.statusReplicas);
  const { labelSelector } = paths;
  const selector = labelSelector === undefined || labelSelector === ""
    ? { text: "" }
    : selectorAt(json, labelSelector);
  const error = spec.error ?? status.error ?? ("error" in selector ? selector.error : undefined);
  if (error !== undefined) throw internalError(error);
  const bare = scaleOf({ metadata: object.metadata ?? {} });
  return {
    ...bare,
    spec: { replicas: spec.count },
    status: {
      replicas: status.count,
      ...(selector.text === "" ? {} : { selector: selector.text }),
    },
  };
}

/** The scale that a GET answers: an object that keeps no count has none. */
export function readScale(object: KubeObject, paths: ScalePaths | undefined): Scale {
  if (paths !== undefined && valueAt(asJson(object), paths.specReplicas).value === undefined) {
    throw internalError(
      `the spec replicas field ${JSON.stringify(paths.specReplicas)} does not exist`,
    );
  }
  return scaleFrom(object, paths);
}

/** The object with the replicas of a scale. */
export function scaledObject(
  object: KubeObject,
  scale: JsonObject,
  paths: ScalePaths | undefined,
): KubeObject {
  if (paths === undefined) return withScale(object, scale);
  const { spec } = scale;
  const given = isJsonObject(spec) && spec["replicas"] !== undefined;
  if (!given && valueAt(asJson(object), paths.specReplicas).value === undefined) {
    throw badRequest(
      `the spec replicas field ${JSON.stringify(paths.specReplicas)} cannot be empty`,
    );
  }
  // What is checked and said of a scale is the same for all; only the place of its count differs.
  const checked = withScale({ metadata: object.metadata ?? {} }, scale) as KubeObject & {
    spec: { replicas: number };
  };
  const { metadata, ...rest } = cloneJson(object);
  const next = { ...rest, metadata: checked.metadata ?? metadata ?? {} };
  setAt(asJson(next), paths.specReplicas, checked.spec.replicas);
  return next;
}

/** A configuration that holds nothing but the replicas. */
export function scaleConfiguration(replicas: number, paths: ScalePaths | undefined): JsonObject {
  const configuration: JsonObject = {};
  setAt(configuration, paths?.specReplicas ?? ".spec.replicas", replicas);
  return configuration;
}

function setAt(object: JsonObject, path: string, value: number): void {
  const steps = pathSteps(path);
  const last = steps.pop() ?? "";
  let at = object;
  for (const step of steps) {
    const member = Object.hasOwn(at, step) ? at[step] : undefined;
    if (isJsonObject(member)) at = member;
    else at = (at[step] = {}) as JsonObject;
  }
  at[last] = value;
}
