import type { Node, Pod, Service, Volume, VolumeMount } from "../api/mod.ts";
import type { KubeletConfiguration } from "./config.ts";
import { containerSecurity } from "./container_security.ts";
import type { DownwardFacts } from "./downward_api.ts";
import { containerEnvironment } from "./environment.ts";
import { expand } from "./expansion.ts";
import { hostNetworkHostsFile, hostsFile, podHostName } from "./host_names.ts";
import { containerLabels, MESSAGE_POLICY_LABEL, POD_UID_LABEL, sandboxLabels } from "./labels.ts";
import { logTail } from "./logs/log_tail.ts";
import type { NodeFiles } from "./node_files.ts";
import { initContainers, mainContainers, type PodContainer } from "./pod_containers.ts";
import type { PodEvents } from "./pod_events.ts";
import { containerResources, qosClass } from "./pod_resources.ts";
import { type PodSetup, SetupError } from "./pod_setup.ts";
import { quantityValue } from "./quantity.ts";
import { parseResolver, podResolver, resolverText } from "./resolver_file.ts";
import type {
  ContainerConfig,
  ContainerState,
  Image,
  Mount,
  Sandbox,
  SandboxConfig,
} from "./runtime.ts";
import { serviceEnvironment } from "./service_environment.ts";
import type { ObjectWatcher } from "./volumes/object_watcher.ts";
import { resolveSubPath } from "./volumes/sub_path.ts";
import type { VolumeManager } from "./volumes/volume_manager.ts";

export interface NodeSetupOptions {
  readonly configuration: KubeletConfiguration;
  readonly files: NodeFiles;
  readonly volumes: VolumeManager;
  readonly objects: ObjectWatcher;
  readonly events: PodEvents;
  readonly memoryCapacity: number;
  readonly hostIPs: readonly string[];
  node(): Node | undefined;
  /** Resolves when Services are known. */
  services(): Promise<readonly Service[]>;
}

const TERMINATION_MESSAGE_MAXIMUM_BYTES = 4096;
const LOG_MESSAGE_MAXIMUM_BYTES = 2048;
const LOG_MESSAGE_MAXIMUM_LINES = 80;

/** How pods are set up on a node that really runs them. */
export class NodeSetup implements PodSetup {
  readonly #options: NodeSetupOptions;

  constructor(options: NodeSetupOptions) {
    this.#options = options;
  }

  async mount(pod: Pod): Promise<void> {
    const { files, objects, volumes } = this.#options;
    await Deno.mkdir(files.pod(pod.metadata?.uid ?? ""), { recursive: true, mode: 0o750 });
    objects.watch(pod);
    await volumes.mount(pod);
    this.#prepareDevices(pod);
  }

  /** Rejects pods that have devices: started without them they would do something else than they were asked to. */
  #prepareDevices({ spec, status, ...pod }: Pod): void {
    const isServed = status?.extendedResourceClaimStatus !== undefined;
    if ((spec?.resourceClaims ?? []).length === 0 && !isServed) return;
    const message = "Failed to prepare dynamic resources: no DRA driver is registered on this node";
    this.#options.events.pod(pod, "Warning", "FailedPrepareDynamicResources", message);
    throw new Error(message);
  }

  podChanged(pod: Pod): void {
    this.#options.objects.watch(pod);
    void this.#options.volumes.refresh(pod.metadata?.uid ?? "", pod);
  }

  async unmount(uid: string): Promise<void> {
    this.#options.objects.forget(uid);
    await this.#options.volumes.unmount(uid);
  }

  async remove(uid: string): Promise<void> {
    await this.#options.files.removePod(uid);
  }

  sandboxConfig(pod: Pod, attempt: number): SandboxConfig {
    const { name = "", namespace = "", uid = "" } = pod.metadata ?? {};
    const { hostname } = podHostName(pod, this.#options.configuration.clusterDomain);
    const qos = qosClass(pod);
    const parent = qos === "Guaranteed" ? "kubepods" : `kubepods/${qos.toLowerCase()}`;
    const ports = [...initContainers(pod), ...mainContainers(pod)]
      .flatMap(({ spec }) => spec.ports ?? []);
    return {
      namespace,
      name,
      uid,
      attempt,
      labels: sandboxLabels(pod, attempt),
      hostname,
      hostNetwork: pod.spec?.hostNetwork === true,
      hostPID: pod.spec?.hostPID === true,
      hostIPC: pod.spec?.hostIPC === true,
      shareProcessNamespace: pod.spec?.shareProcessNamespace === true,
      sysctls: Object.fromEntries(
        (pod.spec?.securityContext?.sysctls ?? []).map((
          { name = "", value = "" },
        ) => [name, value]),
      ),
      hostPorts: pod.spec?.hostNetwork === true ? [] : ports
        .filter(({ hostPort }) => (hostPort ?? 0) > 0)
        .map(({ containerPort = 0, hostPort = 0, hostIP, protocol }) => ({
          protocol: protocol === "UDP" || protocol === "SCTP" ? protocol : "TCP",
          containerPort,
          hostPort,
          ...(hostIP === undefined || hostIP === "" ? {} : { hostIP }),
        })),
      cgroupParent: `${parent}/pod${uid}`,
    };
  }

  async containerConfig(
    pod: Pod,
    container: PodContainer,
    attempt: number,
    sandbox: Sandbox,
    image: Image,
  ): Promise<ContainerConfig> {
    const { files, memoryCapacity, objects, services } = this.#options;
    const { spec } = container;
    const serviceVariables = serviceEnvironment(
      await services(),
      pod.metadata?.namespace ?? "",
      pod.spec?.enableServiceLinks !== false,
    );
    const facts = this.facts(pod, sandbox);
    const env = await containerEnvironment(pod, container, objects, serviceVariables, facts);
    const values = new Map(env.map(({ name, value }) => [name, value]));
    const expanded = (text: string) => expand(text, (name) => values.get(name));
    const mounts = await this.#mounts(pod, container, attempt, sandbox, expanded);
    const logPath = files.log(pod, container.name, attempt);
    await Deno.mkdir(files.containerLogs(pod, container.name), { recursive: true });
    const stopSignal = spec.lifecycle?.stopSignal;
    return {
      name: container.name,
      attempt,
      image: spec.image ?? "",
      ...(spec.command === undefined ? {} : { command: spec.command.map(expanded) }),
      ...(spec.args === undefined ? {} : { args: spec.args.map(expanded) }),
      ...(spec.workingDir === undefined || spec.workingDir === ""
        ? {}
        : { workingDir: spec.workingDir }),
      env,
      mounts,
      labels: containerLabels(pod, spec),
      resources: containerResources(pod, spec, memoryCapacity),
      stdin: spec.stdin === true,
      stdinOnce: spec.stdinOnce === true,
      tty: spec.tty === true,
      logPath,
      security: containerSecurity(pod, spec, image),
      ...(stopSignal === undefined ? {} : { stopSignal }),
    };
  }

  async terminationMessage(instance: ContainerState): Promise<string | undefined> {
    const uid = instance.labels[POD_UID_LABEL] ?? "";
    const path = this.#options.files.terminationLog(uid, instance.name, instance.attempt);
    const message = await head(path, TERMINATION_MESSAGE_MAXIMUM_BYTES);
    if (message !== "") return message;
    const falls = instance.labels[MESSAGE_POLICY_LABEL] === "FallbackToLogsOnError";
    if (!falls || (instance.exitCode ?? 0) === 0 || instance.logPath === "") return undefined;
    return await logTail(instance.logPath, LOG_MESSAGE_MAXIMUM_LINES, LOG_MESSAGE_MAXIMUM_BYTES);
  }

  /** What the downward API says of a pod; without a sandbox as its status has it. */
  facts(pod: Pod, sandbox?: Sandbox): DownwardFacts {
    const { hostIPs, node } = this.#options;
    const podIPs = pod.spec?.hostNetwork === true
      ? hostIPs
      : sandbox?.ips ?? (pod.status?.podIPs ?? []).flatMap(({ ip }) => ip ?? []);
    return { podIPs, hostIPs, allocatable: node()?.status?.allocatable ?? {} };
  }

  async #mounts(
    pod: Pod,
    container: PodContainer,
    attempt: number,
    sandbox: Sandbox,
    expanded: (text: string) => string,
  ): Promise<Mount[]> {
    const { files } = this.#options;
    const uid = pod.metadata?.uid ?? "";
    const given = container.spec.volumeMounts ?? [];
    const mounts: Mount[] = [];
    const volumes = pod.spec?.volumes ?? [];
    for (const mount of given) {
      const volume = volumes.find(({ name }) => name === mount.name);
      mounts.push(await this.#mountOf(uid, mount, expanded, isWrittenByNode(volume)));
    }
    const covered = new Set(mounts.map(({ containerPath }) => containerPath));
    const add = (hostPath: string, containerPath: string, readOnly: boolean) => {
      if (!covered.has(containerPath)) mounts.push({ hostPath, containerPath, readOnly });
    };
    await this.#writeHosts(pod, sandbox);
    await this.#writeResolver(pod);
    add(files.hosts(uid), "/etc/hosts", false);
    add(files.resolver(uid), "/etc/resolv.conf", false);
    const log = files.terminationLog(uid, container.name, attempt);
    await Deno.mkdir(log.slice(0, log.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(log, new Uint8Array());
    await Deno.chmod(log, 0o666);
    add(log, container.spec.terminationMessagePath ?? "/dev/termination-log", false);
    return mounts;
  }

  async #mountOf(
    uid: string,
    mount: VolumeMount,
    expanded: (text: string) => string,
    writtenByNode: boolean,
  ): Promise<Mount> {
    const volume = this.#options.volumes.path(uid, mount.name ?? "");
    if (volume === undefined) {
      throw new SetupError(
        "CreateContainerConfigError",
        `cannot find volume "${mount.name ?? ""}" to mount into container`,
      );
    }
    const subPath = mount.subPath !== undefined && mount.subPath !== ""
      ? mount.subPath
      : expanded(mount.subPathExpr ?? "");
    const propagation = mount.mountPropagation === "HostToContainer"
      ? "rslave"
      : mount.mountPropagation === "Bidirectional"
      ? "rshared"
      : "private";
    const mountPath = mount.mountPath ?? "";
    return {
      hostPath: subPath === "" ? volume : await resolveSubPath(volume, subPath),
      containerPath: mountPath.startsWith("/") ? mountPath : `/${mountPath}`,
      readOnly: writtenByNode || mount.readOnly === true,
      propagation,
    };
  }

  /** Written in place: running containers have the file bound. */
  async #writeHosts(pod: Pod, sandbox: Sandbox): Promise<void> {
    const { configuration, files } = this.#options;
    const aliases = pod.spec?.hostAliases ?? [];
    const { hostname, fqdn } = podHostName(pod, configuration.clusterDomain);
    const text = pod.spec?.hostNetwork === true
      ? hostNetworkHostsFile(await Deno.readTextFile("/etc/hosts").catch(() => ""), aliases)
      : hostsFile(sandbox.ips, hostname, fqdn, aliases);
    await writeShared(files.hosts(pod.metadata?.uid ?? ""), text);
  }

  async #writeResolver(pod: Pod): Promise<void> {
    const { configuration, events, files } = this.#options;
    const node = parseResolver(await Deno.readTextFile(configuration.resolvConf).catch(() => ""));
    const { clusterDNS, clusterDomain } = configuration;
    const resolver = podResolver(pod, node, clusterDNS, clusterDomain);
    for (const { reason, message } of resolver.problems) {
      events.pod(pod, "Warning", reason, message);
    }
    await writeShared(files.resolver(pod.metadata?.uid ?? ""), resolverText(resolver));
  }
}

/** The memory that the node shows, in bytes. */
export function memoryCapacity(capacity: Readonly<Record<string, string>>): number {
  return quantityValue(capacity["memory"]);
}

async function writeShared(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, text);
  await Deno.chmod(path, 0o644);
}

async function head(path: string, maximumBytes: number): Promise<string> {
  try {
    using file = await Deno.open(path);
    const buffer = new Uint8Array(maximumBytes);
    let length = 0;
    for (let read = 0; length < maximumBytes; length += read) {
      read = await file.read(buffer.subarray(length)) ?? 0;
      if (read === 0) break;
    }
    return new TextDecoder().decode(buffer.subarray(0, length));
  } catch {
    // The node never made it, or a container took it away.
    return "";
  }
}

/** Files that follow the API's objects are the node's to write: no container may, whatever its mount says. */
function isWrittenByNode(volume: Volume | undefined): boolean {
  return volume?.configMap !== undefined || volume?.secret !== undefined ||
    volume?.projected !== undefined || volume?.downwardAPI !== undefined;
}
