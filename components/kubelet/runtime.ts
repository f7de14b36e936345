import type { ExecStreams } from "../serving/mod.ts";

/**
 * The `ContainerRuntime` port: what a kubelet needs of whatever runs containers. Shaped like CRI, so that its terms
 * are the field's. A sandbox is a pod's network namespace with its addresses and its pause container.
 *
 * - Every operation is idempotent where CRI's is: stopping what is stopped and removing what is gone succeed.
 * - Labels given at creation come back in every listing: they are how a restarted kubelet recognises its pods.
 * - States and exit codes of ended containers stay listed until `removeContainer`, also over a restart of the runtime.
 * - Operations may run concurrently; on one container the kubelet calls them one at a time.
 * - Errors are `RuntimeError` with a code the kubelet can act on; the message is fit for an event.
 */
export interface ContainerRuntime {
  /** `podman`, `hollow`: the scheme of container ids in status. */
  readonly name: string;
  status(): Promise<RuntimeStatus>;

  /** Creates the network namespace, runs the CNI chain on it, starts the pause container. */
  runSandbox(config: SandboxConfig): Promise<Sandbox>;
  /** Ends every container in it, runs the CNI chain's DEL, removes the namespace. */
  stopSandbox(sandboxId: string): Promise<void>;
  removeSandbox(sandboxId: string): Promise<void>;
  listSandboxes(): Promise<Sandbox[]>;

  createContainer(sandboxId: string, config: ContainerConfig): Promise<string>;
  startContainer(containerId: string): Promise<void>;
  /**
   * Sends the stop signal, waits `graceSeconds`, kills. Resolves when it has ended. A second call while one waits may
   * bring less grace: the shorter one counts, and both resolve at the end.
   */
  stopContainer(containerId: string, graceSeconds: number): Promise<void>;
  removeContainer(containerId: string): Promise<void>;
  listContainers(): Promise<ContainerState[]>;
  /** Changes limits of a running container. */
  updateResources(containerId: string, resources: ContainerResources): Promise<void>;

  /** Container ids whose state may have changed; a hint, not a record: listing tells the state. Ends with the signal. */
  events(
    signal: AbortSignal,
  ): AsyncIterable<{ readonly containerId: string; readonly sandboxId?: string }>;

  /** Runs a command to its end with live streams; resolves with its exit code. */
  exec(containerId: string, command: readonly string[], streams: ExecStreams): Promise<number>;
  /** Runs a command, at most `timeoutMilliseconds`; output is cut at 10 KiB. Code undefined when it timed out. */
  execSync(
    containerId: string,
    command: readonly string[],
    timeoutMilliseconds: number,
  ): Promise<{ readonly exitCode: number | undefined; readonly output: string }>;
  /**
   * Joins a running container's streams until it ends or the client goes. With its `log`: after what it wrote before;
   * what it writes at that very moment may come twice.
   */
  attach(containerId: string, streams: ExecStreams, log?: string): Promise<void>;
  /** Opens a TCP connection to localhost:port inside the sandbox's network. */
  portForward(
    sandboxId: string,
    port: number,
    signal: AbortSignal,
  ): Promise<{
    readonly readable: ReadableStream<Uint8Array>;
    readonly writable: WritableStream<Uint8Array>;
  }>;
  /** Runs the probe's HTTP or TCP connect from the node; a hollow runtime answers from its script. */
  probe(request: ProbeRequest): Promise<ProbeResult>;

  listImages(): Promise<Image[]>;
  /** Undefined when the image is not on the node. */
  imageStatus(reference: string): Promise<Image | undefined>;
  pullImage(reference: string, auth?: RegistryAuth): Promise<Image>;
  removeImage(reference: string): Promise<void>;

  containerStats(): Promise<ContainerStats[]>;

  /** A container's whole log as plain text, where the runtime writes no log files (an empty `logPath`). */
  logText?(containerId: string): string | undefined;
}

export type RuntimeErrorCode =
  | "NotFound"
  | "ImageNotFound"
  | "ImagePull"
  | "InvalidImageName"
  | "CreateContainer"
  | "StartContainer"
  | "Sandbox"
  | "Unavailable"
  | "Unsupported";

export class RuntimeError extends Error {
  override readonly name = "RuntimeError";
  constructor(readonly code: RuntimeErrorCode, message: string) {
    super(message);
  }
}

export interface RuntimeStatus {
  readonly ready: boolean;
  readonly networkReady: boolean;
  /** Why not, when one is false: `reason:… message:…`. */
  readonly message?: string;
  readonly runtimeVersion: string;
  /** True where limits cannot be applied (rootless without delegated cgroups). */
  readonly limitsUnavailable?: boolean;
  /** True where a negative oom_score_adj is refused. */
  readonly negativeOomScoreUnavailable?: boolean;
}

export interface SandboxConfig {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly attempt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly hostname: string;
  readonly hostNetwork: boolean;
  readonly hostPID: boolean;
  readonly hostIPC: boolean;
  readonly shareProcessNamespace: boolean;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly hostPorts: readonly {
    readonly protocol: "TCP" | "UDP" | "SCTP";
    readonly containerPort: number;
    readonly hostPort: number;
    readonly hostIP?: string;
  }[];
  /** Relative cgroup path such as `kubepods/burstable/pod<uid>`, where cgroups can be used. */
  readonly cgroupParent?: string;
}

export interface Sandbox {
  readonly id: string;
  readonly ready: boolean;
  /** Addresses of the pod, primary first; empty for host network. */
  readonly ips: readonly string[];
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ContainerResources {
  readonly cpuShares?: number;
  readonly cpuQuotaMicroseconds?: number;
  readonly cpuPeriodMicroseconds?: number;
  readonly memoryLimitBytes?: number;
  readonly oomScoreAdjust?: number;
}

export interface ContainerConfig {
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly mounts: readonly Mount[];
  readonly labels: Readonly<Record<string, string>>;
  readonly resources: ContainerResources;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  /** Absolute path of the CRI-format log file this instance writes. */
  readonly logPath: string;
  readonly security: ContainerSecurity;
  readonly stopSignal?: string;
  /** Another container whose process namespace this one joins (ephemeral containers with a target). */
  readonly targetContainerId?: string;
}

export interface Mount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly readOnly: boolean;
  readonly propagation?: "private" | "rslave" | "rshared";
}

export interface ContainerSecurity {
  readonly privileged: boolean;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly supplementalGroups: readonly number[];
  readonly readOnlyRootFilesystem: boolean;
  readonly allowPrivilegeEscalation: boolean;
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  readonly seccompProfile?: string;
}

export interface ContainerState {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly state: "created" | "running" | "exited" | "unknown";
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly exitCode?: number;
  readonly oomKilled?: boolean;
  readonly image: string;
  readonly imageId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly logPath: string;
}

export interface ProbeRequest {
  readonly kind: "http" | "tcp" | "grpc";
  readonly sandboxId: string;
  readonly host: string;
  readonly port: number;
  readonly path?: string;
  readonly scheme?: "HTTP" | "HTTPS";
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
  readonly service?: string;
  readonly timeoutMilliseconds: number;
}

/** `output` is what an Unhealthy event quotes. */
export interface ProbeResult {
  readonly ok: boolean;
  readonly output: string;
}

export interface Image {
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly sizeBytes: number;
  /** The user the image's config names: a number, or a name that must be looked up inside the image. */
  readonly user?: string;
}

export interface RegistryAuth {
  readonly username: string;
  readonly password: string;
  readonly serverAddress?: string;
}

export interface ContainerStats {
  readonly containerId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly timestamp: number;
  readonly cpuNanoseconds: number;
  readonly memoryBytes: number;
}
