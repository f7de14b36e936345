import { KUBERNETES_VERSION } from "../base/mod.ts";
import type { NodeAddress, Taint } from "../api/mod.ts";

/** What of upstream's KubeletConfiguration this kubelet obeys, by its names, with its defaults. */
export interface KubeletConfiguration {
  /** 10250; shown in the node's status, and where the door listens. */
  readonly port: number;
  readonly staticPodPath?: string;
  readonly fileCheckFrequencySeconds: number;
  readonly nodeStatusUpdateFrequencySeconds: number;
  readonly nodeStatusReportFrequencySeconds: number;
  readonly nodeLeaseDurationSeconds: number;
  readonly maxPods: number;
  readonly clusterDNS: readonly string[];
  readonly clusterDomain: string;
  /** The node's own resolver file. */
  readonly resolvConf: string;
  readonly containerLogMaxSize: string;
  readonly containerLogMaxFiles: number;
  readonly containerLogMonitorIntervalSeconds: number;
  readonly registerNode: boolean;
  readonly registerWithTaints: readonly Taint[];
  readonly nodeLabels: Readonly<Record<string, string>>;
  readonly maxContainerRestartPeriodSeconds: number;
  readonly nodeStatusMaxImages: number;
}

export const DEFAULT_CONFIGURATION: KubeletConfiguration = {
  port: 10250,
  fileCheckFrequencySeconds: 20,
  nodeStatusUpdateFrequencySeconds: 10,
  nodeStatusReportFrequencySeconds: 300,
  nodeLeaseDurationSeconds: 40,
  maxPods: 110,
  clusterDNS: [],
  clusterDomain: "cluster.local",
  resolvConf: "/etc/resolv.conf",
  containerLogMaxSize: "10Mi",
  containerLogMaxFiles: 5,
  containerLogMonitorIntervalSeconds: 10,
  registerNode: true,
  registerWithTaints: [],
  nodeLabels: {},
  maxContainerRestartPeriodSeconds: 300,
  nodeStatusMaxImages: 50,
};

/** The machine that a node stands on, as its status shows it. */
export interface Machine {
  readonly addresses: readonly NodeAddress[];
  /** Quantities: `cpu`, `memory`, `ephemeral-storage`. */
  readonly capacity: Readonly<Record<string, string>>;
  /** Taken off the capacity for the node itself, by resource, in the resource's unit. */
  readonly reserved?: Readonly<Record<string, number>>;
  readonly machineID: string;
  readonly systemUUID: string;
  readonly bootID: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly operatingSystem: string;
  /** `amd64`, `arm64`. */
  readonly architecture: string;
}

/** The version that the node reports: of the Kubernetes whose behaviour it has. */
export const KUBELET_VERSION = KUBERNETES_VERSION;
