import type { AdmissionPlugin } from "../ports.ts";

const FINALIZERS = new Map([
  ["persistentvolumes.", "kubernetes.io/pv-protection"],
  ["persistentvolumeclaims.", "kubernetes.io/pvc-protection"],
  ["volumeattributesclasses.storage.k8s.io", "kubernetes.io/vac-protection"],
]);

/** A volume, a claim or a class of them stays until nobody uses it: a controller takes the finalizer away. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: "StorageObjectInUseProtection",
  handles: ({ operation, subresource, definition: { plural, group } }) =>
    operation === "CREATE" && subresource === "" && FINALIZERS.has(`${plural}.${group}`),
  admit({ object, definition: { plural, group } }) {
    const finalizer = FINALIZERS.get(`${plural}.${group}`);
    const metadata = object?.metadata;
    if (metadata === undefined || finalizer === undefined) return;
    if (metadata.finalizers?.includes(finalizer)) return;
    metadata.finalizers = [...metadata.finalizers ?? [], finalizer];
  },
};
