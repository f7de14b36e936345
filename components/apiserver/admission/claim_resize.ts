import {
  compareQuantity,
  parseQuantity,
  type PersistentVolumeClaim,
  type StorageClass,
} from "../../api/served.ts";
import type { AdmissionPlugin, ObjectReader } from "../ports.ts";
import { isFor, rejected } from "./target.ts";

/** A claim grows only where its storage class says that its volumes can. */
export function persistentVolumeClaimResize(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "PersistentVolumeClaimResize",
    handles: (request) =>
      request.operation === "UPDATE" && isFor(request, "", "persistentvolumeclaims"),
    validate(request) {
      const before = request.oldObject as PersistentVolumeClaim;
      const after = request.object as PersistentVolumeClaim;
      const old = parseQuantity(before.spec?.resources?.requests?.["storage"] ?? "0");
      const wanted = parseQuantity(after.spec?.resources?.requests?.["storage"] ?? "0");
      if (compareQuantity(wanted, old) <= 0) return;
      if (before.status?.phase !== "Bound") {
        throw rejected(request, "Only bound persistent volume claims can be expanded");
      }
      const name = before.spec?.storageClassName ?? "";
      const found = name === ""
        ? undefined
        : reader.get<StorageClass>("storage.k8s.io", "storageclasses", "", name);
      if (found?.allowVolumeExpansion === true) return;
      throw rejected(
        request,
        "only dynamically provisioned pvc can be resized and " +
          "the storageclass that provisions the pvc must support resize",
      );
    },
  };
}
