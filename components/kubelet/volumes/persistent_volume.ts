import {
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  type PersistentVolume,
  type Pod,
} from "../../api/mod.ts";
import type { Client } from "../../client/mod.ts";
import { prepareHostPath } from "./host_path.ts";

/** The path on this node of a bound claim's volume. Only volumes that are a path on the node are supported. */
export async function claimPath(client: Client, pod: Pod, claimName: string): Promise<string> {
  const namespace = pod.metadata?.namespace ?? "";
  const claim = await client.find(PERSISTENT_VOLUME_CLAIMS, claimName, namespace);
  if (claim === undefined) throw new Error(`persistentvolumeclaim "${claimName}" not found`);
  if (claim.metadata?.deletionTimestamp !== undefined) {
    throw new Error(`can't use PVC ${namespace}/${claimName} because it is being deleted`);
  }
  const volumeName = claim.spec?.volumeName;
  if (claim.status?.phase !== "Bound" || volumeName === undefined) {
    throw new Error(`PVC is not bound: ${namespace}/${claimName}`);
  }
  const volume = await client.find(PERSISTENT_VOLUMES, volumeName);
  if (volume === undefined) throw new Error(`persistentvolume "${volumeName}" not found`);
  const path = await pathOf(volume);
  if (path === undefined) {
    throw new Error("no volume plugin matched: only hostPath and local volumes are supported");
  }
  return path;
}

async function pathOf(volume: PersistentVolume): Promise<string | undefined> {
  const { hostPath, local } = volume.spec ?? {};
  if (hostPath?.path !== undefined) {
    await prepareHostPath(hostPath.path, hostPath.type ?? "");
    return hostPath.path;
  }
  if (local?.path !== undefined) {
    await prepareHostPath(local.path, "Directory");
    return local.path;
  }
  return undefined;
}
