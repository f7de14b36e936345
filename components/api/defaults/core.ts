import { cloneJson, type JsonObject, type JsonValue } from "../../base/mod.ts";
import { encodeBase64 } from "../base64.ts";
import { all, at, ensureStruct, type Fill, fill, isEmpty, structAt, structsAt } from "./fill.ts";
import { POD_DEFAULTS } from "./pod.ts";
import { POD_SPEC, SPEC_TEMPLATE } from "./pod_spec.ts";
import { CLAIM_SPEC, PERSISTENT_VOLUME_SOURCE } from "./volume.ts";

const encoder = new TextEncoder();

/** Seconds a client stays with one endpoint under ClientIP affinity. */
const AFFINITY_SECONDS = 10_800;

const claim: Fill = (value) => {
  pendingPhase(value);
  at("spec", CLAIM_SPEC)(value);
};

/** Also a StatefulSet's claim templates. */
export const PERSISTENT_VOLUME_CLAIM: Fill = claim;

function pendingPhase(value: JsonObject): void {
  const status = ensureStruct(value, "status");
  if (isEmpty(status["phase"])) status["phase"] = "Pending";
}

function namespace(value: JsonObject): void {
  const metadata = structAt(value, "metadata");
  const name = metadata?.["name"];
  if (metadata !== undefined && typeof name === "string" && name !== "") {
    ensureStruct(metadata, "labels")["kubernetes.io/metadata.name"] = name;
  }
  const status = ensureStruct(value, "status");
  if (isEmpty(status["phase"])) status["phase"] = "Active";
}

/** Text that a client writes beside the data becomes data: it is never stored or shown as text. */
function secretText(value: JsonObject): void {
  const texts = structAt(value, "stringData");
  delete value["stringData"];
  if (texts === undefined) return;
  const names = Object.keys(texts);
  if (names.length === 0) return;
  const data = ensureStruct(value, "data");
  for (const name of names) data[name] = encodeBase64(encoder.encode(String(texts[name])));
}

function nodeStatus(status: JsonObject): void {
  if (status["allocatable"] === undefined && !isEmpty(status["capacity"])) {
    status["allocatable"] = cloneJson(status["capacity"]);
  }
}

/** A container's defaults follow from each other: default from max, defaultRequest from default, then min. */
function limitRangeItem(item: JsonObject): void {
  if (item["type"] !== "Container") return;
  const standard = ensureStruct(item, "default");
  const requests = ensureStruct(item, "defaultRequest");
  const fillFrom = (target: JsonObject, source: JsonObject | undefined) => {
    for (const name in source) target[name] ??= source[name];
  };
  fillFrom(standard, structAt(item, "max"));
  fillFrom(requests, standard);
  fillFrom(requests, structAt(item, "min"));
}

function replicationController(value: JsonObject): void {
  const spec = structAt(value, "spec");
  const labels = templateLabels(spec);
  if (spec !== undefined && labels !== undefined) {
    if (isEmpty(spec["selector"])) spec["selector"] = cloneJson(labels);
    const metadata = ensureStruct(value, "metadata");
    if (isEmpty(metadata["labels"])) metadata["labels"] = cloneJson(labels);
  }
  if (spec !== undefined) spec["replicas"] ??= 1;
}

/** The labels of a workload's pods, undefined where there are none. */
export function templateLabels(spec: JsonObject | undefined): JsonObject | undefined {
  const labels = structAt(structAt(structAt(spec, "template"), "metadata"), "labels");
  return isEmpty(labels) ? undefined : labels;
}

function service(value: JsonObject): void {
  const spec = structAt(value, "spec");
  if (spec === undefined) return;
  if (isEmpty(spec["sessionAffinity"])) spec["sessionAffinity"] = "None";
  if (spec["sessionAffinity"] === "None") delete spec["sessionAffinityConfig"];
  if (spec["sessionAffinity"] === "ClientIP") {
    const clientIp = ensureStruct(ensureStruct(spec, "sessionAffinityConfig"), "clientIP");
    clientIp["timeoutSeconds"] ??= AFFINITY_SECONDS;
  }
  if (isEmpty(spec["type"])) spec["type"] = "ClusterIP";
  for (const port of structsAt(spec, "ports")) {
    if (isEmpty(port["protocol"])) port["protocol"] = "TCP";
    const target: JsonValue | undefined = port["targetPort"];
    if (target === undefined || target === 0 || target === "") port["targetPort"] = port["port"];
  }
  const type = spec["type"];
  const external = type === "NodePort" || type === "LoadBalancer" ||
    (type === "ClusterIP" && !isEmpty(spec["externalIPs"]));
  if (external && isEmpty(spec["externalTrafficPolicy"])) {
    spec["externalTrafficPolicy"] = "Cluster";
  }
  if (type === "ClusterIP" || type === "NodePort" || type === "LoadBalancer") {
    spec["internalTrafficPolicy"] ??= "Cluster";
  }
  const balancer = ensureStruct(ensureStruct(value, "status"), "loadBalancer");
  if (type === "LoadBalancer") {
    spec["allocateLoadBalancerNodePorts"] ??= true;
    for (const ingress of structsAt(balancer, "ingress")) {
      if (!isEmpty(ingress["ip"])) ingress["ipMode"] ??= "VIP";
    }
  }
}

/** Defaults of the core group, by kind. */
export const CORE_DEFAULTS: Readonly<Record<string, Fill>> = {
  Endpoints: fill({
    each: { subsets: fill({ each: { ports: fill({ empty: { protocol: "TCP" } }) } }) },
  }),
  LimitRange: at("spec", fill({ each: { limits: limitRangeItem } })),
  Namespace: namespace,
  Node: at("status", nodeStatus),
  PersistentVolume: all(
    pendingPhase,
    at(
      "spec",
      all(
        fill({
          empty: { persistentVolumeReclaimPolicy: "Retain" },
          absent: { volumeMode: "Filesystem" },
        }),
        PERSISTENT_VOLUME_SOURCE,
      ),
    ),
  ),
  PersistentVolumeClaim: PERSISTENT_VOLUME_CLAIM,
  Pod: all(...POD_DEFAULTS),
  PodTemplate: at("template.spec", POD_SPEC),
  ReplicationController: all(replicationController, SPEC_TEMPLATE),
  Secret: fill({ first: secretText, empty: { type: "Opaque" } }),
  Service: service,
};
