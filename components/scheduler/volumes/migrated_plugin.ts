import type { PersistentVolumeSpec } from "../../api/mod.ts";

/** A volume as its driver attaches it. */
export interface VolumeAttachmentPoint {
  readonly driver: string;
  readonly handle: string;
  /** The plugin whose place the driver has taken; on nodes that have not handed it over it is not the driver's. */
  readonly plugin?: string;
}

/** Drivers by the plugins, once part of Kubernetes, whose volumes they attach. */
const DRIVERS: Readonly<Record<string, string>> = {
  "kubernetes.io/aws-ebs": "ebs.csi.aws.com",
  "kubernetes.io/azure-disk": "disk.csi.azure.com",
  "kubernetes.io/cinder": "cinder.csi.openstack.org",
  "kubernetes.io/gce-pd": "pd.csi.storage.gke.io",
  "kubernetes.io/portworx-volume": "pxd.portworx.com",
  "kubernetes.io/vsphere-volume": "csi.vsphere.vmware.com",
};

/** The driver that makes volumes of a class, and the plugin that the class names in its place. */
export function driverOf(
  provisioner: string,
): { readonly driver: string; readonly plugin?: string } {
  const driver = DRIVERS[provisioner];
  return driver === undefined ? { driver: provisioner } : { driver, plugin: provisioner };
}

/** What attaches a volume; undefined for one that nothing attaches. */
export function attachmentPoint(spec: PersistentVolumeSpec): VolumeAttachmentPoint | undefined {
  if (spec.csi !== undefined) {
    const { driver = "", volumeHandle = "" } = spec.csi;
    return { driver, handle: volumeHandle };
  }
  const sources: readonly (readonly [string, string | undefined])[] = [
    ["kubernetes.io/aws-ebs", spec.awsElasticBlockStore?.volumeID],
    ["kubernetes.io/azure-disk", spec.azureDisk?.diskURI],
    ["kubernetes.io/cinder", spec.cinder?.volumeID],
    ["kubernetes.io/gce-pd", spec.gcePersistentDisk?.pdName],
    ["kubernetes.io/portworx-volume", spec.portworxVolume?.volumeID],
    ["kubernetes.io/vsphere-volume", spec.vsphereVolume?.volumePath],
  ];
  for (const [plugin, handle] of sources) {
    if (handle !== undefined) return { ...driverOf(plugin), handle };
  }
  return undefined;
}
