import type { Volume } from "../../generated/types.ts";
import { dnsSubdomainProblems } from "../../names.ts";
import type { Errors } from "../errors.ts";
import type { Path } from "../path.ts";

/** Members without which a source of a volume names nothing. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  awsElasticBlockStore: ["volumeID"],
  azureDisk: ["diskName", "diskURI"],
  azureFile: ["secretName", "shareName"],
  cephfs: ["monitors"],
  cinder: ["volumeID"],
  csi: ["driver"],
  ephemeral: ["volumeClaimTemplate"],
  flexVolume: ["driver"],
  gcePersistentDisk: ["pdName"],
  gitRepo: ["repository"],
  glusterfs: ["endpoints", "path"],
  iscsi: ["targetPortal", "iqn"],
  nfs: ["server", "path"],
  photonPersistentDisk: ["pdID"],
  portworxVolume: ["volumeID"],
  quobyte: ["registry", "volume"],
  rbd: ["monitors", "image"],
  scaleIO: ["gateway", "system", "volumeName"],
  vsphereVolume: ["volumePath"],
};
const LUN_MAXIMUM = 255;
const PARTITION_MAXIMUM = 255;
const DRIVER_NAME_MAXIMUM = 63;

/** What every source of its type needs, and the ranges of numbers in them. */
export function validateVolumeSource(volume: Volume, path: Path, errors: Errors): void {
  for (const [type, members] of Object.entries(NEEDED)) {
    const source = volume[type as keyof Volume] as Record<string, unknown> | undefined;
    if (source === undefined) continue;
    for (const member of members) {
      const value = source[member];
      const missing = value === undefined || value === "" ||
        (Array.isArray(value) && value.length === 0);
      if (missing) errors.required(path.child(type).child(member));
    }
  }
  validateDisks(volume, path, errors);
  const { csi, image, flocker, fc } = volume;
  if (csi !== undefined) {
    const at = path.child("csi");
    const { driver = "" } = csi;
    if (driver.length > DRIVER_NAME_MAXIMUM) {
      errors.tooLong(at.child("driver"), DRIVER_NAME_MAXIMUM);
    }
    if (driver !== "") {
      errors.invalidAll(
        at.child("driver"),
        driver,
        dnsSubdomainProblems(driver.toLowerCase()),
      );
    }
    if (csi.nodePublishSecretRef !== undefined && !csi.nodePublishSecretRef.name) {
      errors.required(at.child("nodePublishSecretRef").child("name"));
    }
  }
  if (image !== undefined && !image.reference) {
    errors.required(path.child("image").child("reference"));
  }
  if (flocker !== undefined) {
    const at = path.child("flocker");
    if (!flocker.datasetName && !flocker.datasetUUID) {
      errors.required(at, "one of datasetName and datasetUUID is required");
    } else if (flocker.datasetName && flocker.datasetUUID) {
      errors.invalid(
        at,
        "resource",
        "datasetName and datasetUUID can not be specified simultaneously",
      );
    }
    if (flocker.datasetName?.includes("/") === true) {
      errors.invalid(at.child("datasetName"), flocker.datasetName, "must not contain '/'");
    }
  }
  if (fc !== undefined) {
    const at = path.child("fc");
    const [names, ids] = [fc.targetWWNs?.length ?? 0, fc.wwids?.length ?? 0];
    if (names < 1 && ids < 1) {
      errors.required(
        at.child("targetWWNs"),
        "must specify either targetWWNs or wwids, but not both",
      );
    } else if (names > 0 && ids > 0) {
      errors.invalid(
        at.child("targetWWNs"),
        fc.targetWWNs,
        "targetWWNs and wwids can not be specified simultaneously",
      );
    } else if (names > 0 && fc.lun === undefined) {
      errors.required(at.child("lun"), "lun is required if targetWWNs is specified");
    }
  }
}

function validateDisks(volume: Volume, path: Path, errors: Errors): void {
  for (const type of ["awsElasticBlockStore", "gcePersistentDisk"] as const) {
    const partition = volume[type]?.partition;
    if (partition === undefined || partition >= 0 && partition <= PARTITION_MAXIMUM) continue;
    errors.invalid(
      path.child(type).child("partition"),
      partition,
      `must be between 0 and ${PARTITION_MAXIMUM}, inclusive`,
    );
  }
  const { iscsi } = volume;
  if (iscsi === undefined) return;
  const at = path.child("iscsi");
  const { iqn = "", lun = 0 } = iscsi;
  if (iqn !== "" && !/^(?:iqn|eui|naa)/.test(iqn)) {
    errors.invalid(at.child("iqn"), iqn, "must be valid format starting with iqn, eui, or naa");
  }
  if (lun < 0 || lun > LUN_MAXIMUM) {
    errors.invalid(at.child("lun"), lun, `must be between 0 and ${LUN_MAXIMUM}, inclusive`);
  }
}
