import type { Pod } from "../../api/mod.ts";

/** A disk that a pod mounts by itself, and that another pod on the same node may not. */
export interface Disk {
  /** What has to be the same for two pods to be in conflict. */
  readonly key: string;
  /** Two that only read do not disturb each other. */
  readonly readOnly: boolean;
}

const NO_DISKS: readonly Disk[] = [];

/** The disks of a pod that one node cannot mount twice. */
export function podDisks(pod: Pod): readonly Disk[] {
  const volumes = pod.spec?.volumes;
  if (volumes === undefined) return NO_DISKS;
  let disks: Disk[] | undefined;
  for (const { gcePersistentDisk: gce, awsElasticBlockStore: aws, iscsi, rbd } of volumes) {
    if (gce !== undefined) {
      (disks ??= []).push({ key: `gce ${gce.pdName}`, readOnly: gce.readOnly === true });
    }
    // Two attachments of one volume are never allowed, not even to read.
    if (aws !== undefined) (disks ??= []).push({ key: `aws ${aws.volumeID}`, readOnly: false });
    if (iscsi !== undefined) {
      (disks ??= []).push({ key: `iscsi ${iscsi.iqn}`, readOnly: iscsi.readOnly === true });
    }
    if (rbd !== undefined) {
      const readOnly = rbd.readOnly === true;
      for (const monitor of rbd.monitors ?? []) {
        (disks ??= []).push({ key: `rbd ${monitor} ${rbd.pool} ${rbd.image}`, readOnly });
      }
    }
  }
  return disks ?? NO_DISKS;
}
