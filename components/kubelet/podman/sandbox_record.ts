import type { AttachmentRecord } from "../cni/mod.ts";
import type { Sandbox } from "../runtime.ts";

/** What is kept of a sandbox on disk, so that the next process of ours, or the next boot, can take it down. */
export interface SandboxRecord {
  readonly id: string;
  /** The boot of the node in which its namespaces stand. */
  readonly boot: string;
  /** False before it is complete and after it was stopped. */
  readonly ready: boolean;
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly hostname: string;
  readonly hostNetwork: boolean;
  readonly hostPID: boolean;
  readonly hostIPC: boolean;
  /** The container that holds the shared process namespace, when the pod has one. */
  readonly pauseContainer?: string;
  readonly cgroupParent?: string;
  readonly ips: readonly string[];
  /** What the network's DEL needs. */
  readonly attachment?: AttachmentRecord;
  readonly portMappings: readonly PortMapping[];
  /** The pod's name and namespace, which network plugins are told. */
  readonly pod: { readonly name: string; readonly namespace: string; readonly uid: string };
}

/** A host port in CNI's terms. */
export interface PortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: string;
  readonly hostIP?: string;
}

/** As the port shows it; not ready when it stood in another boot. Pure. */
export function sandboxOf(record: SandboxRecord, boot: string): Sandbox {
  const { id, ips, createdAt, labels } = record;
  return { id, ready: record.ready && record.boot === boot, ips, createdAt, labels };
}
