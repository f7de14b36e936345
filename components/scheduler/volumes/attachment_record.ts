import type { VolumeAttachment } from "../../api/mod.ts";

/** What the scheduler keeps of an attachment: one volume on one node. */
export interface AttachmentRecord {
  readonly name: string;
  readonly node: string;
  /** Empty for a volume without an object of its own. */
  readonly volumeName: string;
}

export function attachmentRecord({ metadata, spec }: VolumeAttachment): AttachmentRecord {
  return {
    name: metadata?.name ?? "",
    node: spec?.nodeName ?? "",
    volumeName: spec?.source?.persistentVolumeName ?? "",
  };
}
