import { isJsonObject, type JsonValue } from "../../base/mod.ts";
import type { KubeObject } from "../object.ts";
import type { GroupVersionKind } from "../resource_definition.ts";

/** Where a field selector's value stands: paths tried in order, and what an absent one reads as. */
interface FieldSource {
  readonly label: string;
  readonly paths: readonly (readonly string[])[];
  /** `false` and `0` for fields of Go's bool and int, which are never absent. */
  readonly absent: string;
}

const source = (label: string, absent = "", ...paths: string[]): FieldSource => ({
  label,
  paths: (paths.length === 0 ? [label] : paths).map((path) => path.split(".")),
  absent,
});
const INVOLVED = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"];

/** By `group/Kind`. Names that are absent here take only metadata.name and metadata.namespace. */
const SOURCES: Readonly<Record<string, readonly FieldSource[]>> = {
  "/Pod": [
    source("spec.nodeName"),
    source("spec.restartPolicy"),
    source("spec.schedulerName"),
    source("spec.serviceAccountName"),
    source("spec.hostNetwork", "false"),
    source("status.phase"),
    source("status.podIP"),
    source("status.podIPs", "", "-"),
    source("status.nominatedNodeName"),
    source("spec.host", "", "spec.nodeName"),
  ],
  "/Node": [source("spec.unschedulable", "false")],
  "/Namespace": [source("status.phase"), source("name", "", "metadata.name")],
  "/Secret": [source("type")],
  "/Service": [source("spec.clusterIP"), source("spec.type")],
  "/ReplicationController": [source("status.replicas", "0")],
  "apps/ReplicaSet": [source("status.replicas", "0")],
  "batch/Job": [source("status.successful", "0", "status.succeeded")],
  "/Event": [
    ...INVOLVED.map((name) => source(`involvedObject.${name}`)),
    source("reason"),
    source("reportingComponent"),
    source("source", "", "source.component", "reportingComponent"),
    source("type"),
  ],
  "events.k8s.io/Event": [
    ...INVOLVED.map((name) => source(`regarding.${name}`)),
    source("reason"),
    source("reportingController"),
    source("type"),
  ],
  "certificates.k8s.io/CertificateSigningRequest": [source("spec.signerName")],
  "resource.k8s.io/ResourceSlice": [source("spec.nodeName"), source("spec.driver")],
};

/** The names a field selector of this kind may use. */
export function fieldLabelsOf(kind: GroupVersionKind, namespaced: boolean): readonly string[] {
  return [
    "metadata.name",
    ...(namespaced ? ["metadata.namespace"] : []),
    ...sourcesOf(kind).map(({ label }) => label),
  ];
}

/** Reads the values that field selectors compare, one function a kind. */
export function fieldReaderOf(
  kind: GroupVersionKind,
  namespaced: boolean,
): (object: KubeObject) => Record<string, string> {
  const sources = sourcesOf(kind);
  return (object) => {
    const values: Record<string, string> = { "metadata.name": object.metadata?.name ?? "" };
    if (namespaced) values["metadata.namespace"] = object.metadata?.namespace ?? "";
    for (const { label, paths, absent } of sources) values[label] = read(object, paths) ?? absent;
    return values;
  };
}

function sourcesOf({ group, kind }: GroupVersionKind): readonly FieldSource[] {
  return SOURCES[`${group}/${kind}`] ?? [];
}

function read(object: KubeObject, paths: FieldSource["paths"]): string | undefined {
  for (const path of paths) {
    let value = object as unknown as JsonValue | undefined;
    for (const step of path) value = isJsonObject(value) ? value[step] : undefined;
    if (value !== undefined && value !== null && value !== "") return String(value);
  }
  return undefined;
}
