import type { Ingress, KubeObject, PersistentVolumeClaim } from "../../api/served.ts";
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from "../ports.ts";
import { isFor } from "./target.ts";

/** Claims that name no storage class get the default one. An empty name is a name: it asks for none. */
export function defaultStorageClass(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "DefaultStorageClass",
    handles: (request) =>
      request.operation === "CREATE" && isFor(request, "", "persistentvolumeclaims"),
    admit({ object }) {
      const claim = object as PersistentVolumeClaim;
      const annotated = claim.metadata?.annotations?.["volume.beta.kubernetes.io/storage-class"];
      if (claim.spec?.storageClassName !== undefined || annotated !== undefined) return;
      const name = defaultOf(
        reader.list("storage.k8s.io", "storageclasses"),
        [
          "storageclass.kubernetes.io/is-default-class",
          "storageclass.beta.kubernetes.io/is-default-class",
        ],
      );
      if (name !== undefined) (claim.spec ??= {}).storageClassName = name;
    },
  };
}

/** Ingresses that name no class get the default one. */
export function defaultIngressClass(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "DefaultIngressClass",
    handles: (request: AdmissionRequest) =>
      request.operation === "CREATE" && isFor(request, "networking.k8s.io", "ingresses"),
    admit({ object }) {
      const ingress = object as Ingress;
      const annotated = ingress.metadata?.annotations?.["kubernetes.io/ingress.class"];
      if (ingress.spec?.ingressClassName !== undefined || annotated !== undefined) return;
      const name = defaultOf(
        reader.list("networking.k8s.io", "ingressclasses"),
        ["ingressclass.kubernetes.io/is-default-class"],
      );
      if (name !== undefined) (ingress.spec ??= {}).ingressClassName = name;
    },
  };
}

/** The newest class that is marked as default; of equally old ones the first by name. */
function defaultOf(
  classes: readonly KubeObject[],
  annotations: readonly string[],
): string | undefined {
  const created = ({ metadata }: KubeObject) => metadata?.creationTimestamp ?? "";
  const name = ({ metadata }: KubeObject) => metadata?.name ?? "";
  const marked = classes.filter(({ metadata }) =>
    annotations.some((annotation) => metadata?.annotations?.[annotation] === "true")
  );
  const order = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0;
  marked.sort((a, b) => order(created(b), created(a)) || order(name(a), name(b)));
  return marked[0]?.metadata?.name;
}
