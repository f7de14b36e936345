import type { Pod, Volume } from "../../api/mod.ts";
import { mainContainers } from "../pod_containers.ts";
import { quantityValue } from "../quantity.ts";
import { setGroup } from "./ownership.ts";

/** What makes directories in memory; the machine's own mounts where nobody says otherwise. */
export interface MemoryMounts {
  isMounted(path: string): Promise<boolean>;
  mountTmpfs(path: string, options: { mode: string; sizeBytes?: number }): Promise<void>;
  /** Takes away all mounts below a path. */
  unmountBelow(path: string): Promise<void>;
}

/** Where a pod's emptyDir lies, in memory or on the disk, by the folder that holds `pods/<uid>`. Pure. */
export function emptyDirPath(base: string, uid: string, name: string): string {
  return `${base}/pods/${uid}/volumes/kubernetes.io~empty-dir/${name}`;
}

/** Makes an emptyDir, or finds it as it was. `mounts`: in memory, with at most that many bytes. */
export async function makeEmptyDir(
  pod: Pod,
  directory: string,
  memory: { readonly mounts: MemoryMounts; readonly sizeBytes: number } | undefined,
): Promise<void> {
  const isNew = await Deno.stat(directory).then(() => false, () => true);
  await Deno.mkdir(directory, { recursive: true });
  if (memory !== undefined && !await memory.mounts.isMounted(directory)) {
    const { mounts, sizeBytes } = memory;
    await mounts.mountTmpfs(directory, {
      mode: "777",
      ...(sizeBytes > 0 ? { sizeBytes: Math.ceil(sizeBytes) } : {}),
    });
  }
  if (isNew) await Deno.chmod(directory, 0o777);
  const { fsGroup, fsGroupChangePolicy } = pod.spec?.securityContext ?? {};
  if (fsGroup !== undefined) {
    await setGroup(directory, fsGroup, !isNew || fsGroupChangePolicy === "OnRootMismatch");
  }
}

/**
 * The size of an emptyDir in memory: what the pod can use of the node's memory, or less where `sizeLimit` says so.
 * 0 where nothing bounds it. Pure.
 */
export function memorySize(pod: Pod, volume: Volume, allocatable: string | undefined): number {
  const limits = [
    quantityValue(allocatable),
    podMemoryLimit(pod),
    quantityValue(volume.emptyDir?.sizeLimit),
  ];
  return limits.reduce((least, limit) =>
    limit > 0 && (least <= 0 || limit < least) ? limit : least
  );
}

/** The memory that a pod's containers can use together; 0 where one of them has no limit. */
function podMemoryLimit(pod: Pod): number {
  const whole = quantityValue(pod.spec?.resources?.limits?.["memory"]);
  if (whole > 0) return whole;
  const limits = mainContainers(pod).map(({ spec }) =>
    quantityValue(spec.resources?.limits?.["memory"])
  );
  return limits.some((limit) => limit <= 0) ? 0 : limits.reduce((sum, limit) => sum + limit, 0);
}
