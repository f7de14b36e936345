import type { CSIDriver, PersistentVolume, PersistentVolumeClaim, Pod } from "../../api/served.ts";
import type { ObjectReader } from "../ports.ts";

/** Whom the pod's volumes need tokens for: by projection, or for the driver behind them. Empty: the API server. */
export function podAudiences(reader: ObjectReader, pod: Pod): ReadonlySet<string> {
  const { namespace = "", name = "" } = pod.metadata ?? {};
  const found = new Set<string>();
  const addDriver = (driver: string | undefined) => {
    if (driver === undefined || driver === "") return;
    const { spec } = reader.get<CSIDriver>("storage.k8s.io", "csidrivers", "", driver) ?? {};
    for (const { audience = "" } of spec?.tokenRequests ?? []) found.add(audience);
  };
  const addClaim = (claimName: string) => {
    const claim = reader.get<PersistentVolumeClaim>(
      "",
      "persistentvolumeclaims",
      namespace,
      claimName,
    );
    const volumeName = claim?.spec?.volumeName ?? "";
    if (volumeName === "") return;
    const volume = reader.get<PersistentVolume>("", "persistentvolumes", "", volumeName);
    addDriver(volume?.spec?.csi?.driver);
  };
  for (const volume of pod.spec?.volumes ?? []) {
    for (const { serviceAccountToken } of volume.projected?.sources ?? []) {
      if (serviceAccountToken !== undefined) found.add(serviceAccountToken.audience ?? "");
    }
    addDriver(volume.csi?.driver);
    if (volume.persistentVolumeClaim !== undefined) {
      addClaim(volume.persistentVolumeClaim.claimName ?? "");
    }
    if (volume.ephemeral !== undefined) addClaim(`${name}-${volume.name}`);
  }
  return found;
}
