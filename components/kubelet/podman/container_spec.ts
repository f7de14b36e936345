import type { JsonObject, JsonValue } from "../../base/mod.ts";
import type { ContainerConfig, ContainerResources, ContainerSecurity, Mount } from "../runtime.ts";
import {
  ATTEMPT_LABEL,
  engineName,
  IMAGE_ID_LABEL,
  IMAGE_LABEL,
  LOG_LABEL,
  NAME_LABEL,
  SANDBOX_LABEL,
} from "./names.ts";
import { networkNamespacePath } from "../../host/mod.ts";
import type { SandboxRecord } from "./sandbox_record.ts";
import { signalNumber } from "./signals.ts";

/** What of the node a container's definition depends on. */
export interface SpecSurroundings {
  /** Podman's id of the image, and the user its configuration names. */
  readonly imageEngineId: string;
  readonly imageId: string;
  readonly imageUser?: string;
  /** The sandbox's run-time folder. */
  readonly sandboxRun: string;
  readonly limits: boolean;
  /** Where there are no limits: true when the OCI runtime knows how to go without cgroups. */
  readonly cgroupsCanBeOff: boolean;
  /** The lowest oom_score_adj that this process may give. */
  readonly lowestOomScore: number;
  readonly seccompDirectory: string;
  /**
   * A process whose process namespace the container joins. By path, as Podman would tie containers to one another
   * otherwise, and not remove the one without the other.
   */
  readonly joinedPid?: number;
  readonly unique: string;
}

/** A container in the terms of Podman's create call. Pure. */
export function containerSpec(
  sandbox: SandboxRecord,
  config: ContainerConfig,
  around: SpecSurroundings,
): JsonObject {
  const { security, resources } = config;
  const user = userOf(security, around.imageUser);
  const stopSignal = config.stopSignal === undefined ? undefined : signalNumber(config.stopSignal);
  const { name, namespace, uid } = sandbox.pod;
  return {
    name: engineName([config.name, name, namespace, uid, String(config.attempt)], around.unique),
    image: around.imageEngineId,
    labels: {
      ...config.labels,
      [SANDBOX_LABEL]: sandbox.id,
      [NAME_LABEL]: config.name,
      [ATTEMPT_LABEL]: String(config.attempt),
      [IMAGE_LABEL]: config.image,
      [IMAGE_ID_LABEL]: around.imageId,
      [LOG_LABEL]: config.logPath,
    },
    ...(config.command === undefined || config.command.length === 0
      ? {}
      : { entrypoint: [...config.command] }),
    ...(config.args === undefined || config.args.length === 0 ? {} : { command: [...config.args] }),
    ...(config.workingDir === undefined || config.workingDir === ""
      ? {}
      : { work_dir: config.workingDir }),
    env: environment(sandbox, config),
    // Podman's own mark, which no other Kubernetes runtime sets.
    unsetenv: config.env.some(({ name }) => name === "container") ? [] : ["container"],
    mounts: mounts(sandbox, config.mounts, around.sandboxRun),
    stdin: config.stdin,
    terminal: config.tty,
    ...namespaces(sandbox, around.sandboxRun, around.joinedPid),
    ...(user === undefined ? {} : { user }),
    groups: security.supplementalGroups.map(String),
    ...securityOf(security, around.seccompDirectory),
    ...(around.limits
      ? {
        resource_limits: resourceLimits(resources),
        ...(sandbox.cgroupParent === undefined ? {} : { cgroup_parent: sandbox.cgroupParent }),
      }
      : around.cgroupsCanBeOff
      ? { cgroups_mode: "disabled" }
      : {}),
    ...(resources.oomScoreAdjust === undefined
      ? {}
      : { oom_score_adj: Math.max(resources.oomScoreAdjust, around.lowestOomScore) }),
    log_configuration: { driver: "k8s-file", path: config.logPath },
    ...(stopSignal === undefined ? {} : { stop_signal: stopSignal }),
    restart_policy: "no",
    use_image_resolve_conf: true,
    use_image_hosts: true,
    systemd: "false",
    healthconfig: { Test: ["NONE"] },
  };
}

/** Limits in the runtime specification's terms; no swap beyond the memory. Pure. */
export function resourceLimits(resources: ContainerResources): JsonObject {
  const { cpuShares, cpuQuotaMicroseconds, cpuPeriodMicroseconds, memoryLimitBytes } = resources;
  const cpu: Record<string, JsonValue> = {};
  if (cpuShares !== undefined) cpu.shares = cpuShares;
  if (cpuQuotaMicroseconds !== undefined && cpuQuotaMicroseconds !== 0) {
    cpu.quota = cpuQuotaMicroseconds;
    cpu.period = cpuPeriodMicroseconds ?? 100_000;
  }
  return {
    ...(Object.keys(cpu).length === 0 ? {} : { cpu }),
    ...(memoryLimitBytes === undefined || memoryLimitBytes === 0
      ? {}
      : { memory: { limit: memoryLimitBytes, swap: memoryLimitBytes } }),
  };
}

function environment(sandbox: SandboxRecord, config: ContainerConfig): Record<string, string> {
  const env: Record<string, string> = { HOSTNAME: sandbox.hostname };
  for (const { name, value } of config.env) env[name] = value;
  return env;
}

function namespaces(
  sandbox: SandboxRecord,
  run: string,
  joinedPid: number | undefined,
): Record<string, JsonValue> {
  const path = (value: string) => ({ nsmode: "path", value });
  const host = { nsmode: "host" };
  return {
    netns: sandbox.hostNetwork ? host : path(networkNamespacePath(sandbox.id)),
    utsns: sandbox.hostNetwork ? host : path(`${run}/uts`),
    ipcns: sandbox.hostIPC ? host : path(`${run}/ipc`),
    pidns: sandbox.hostPID
      ? host
      : joinedPid === undefined
      ? { nsmode: "private" }
      : path(`/proc/${joinedPid}/ns/pid`),
  };
}

/** The kubelet's mounts, and the pod's shared memory and host name where those do not bring their own. */
function mounts(sandbox: SandboxRecord, given: readonly Mount[], run: string): JsonObject[] {
  const taken = new Set(given.map(({ containerPath }) => trimmed(containerPath)));
  const all = [...given];
  const add = (hostPath: string, containerPath: string, readOnly: boolean) => {
    if (!taken.has(containerPath)) all.push({ hostPath, containerPath, readOnly });
  };
  add(sandbox.hostIPC ? "/dev/shm" : `${run}/shm`, "/dev/shm", false);
  add(`${run}/hostname`, "/etc/hostname", false);
  return all.map(({ hostPath, containerPath, readOnly, propagation }) => ({
    type: "bind",
    source: hostPath,
    destination: containerPath,
    options: [
      "rbind",
      readOnly ? "ro" : "rw",
      propagation === undefined || propagation === "private" ? "rprivate" : propagation,
    ],
  }));
}

function securityOf(security: ContainerSecurity, seccompDirectory: string): JsonObject {
  return {
    privileged: security.privileged,
    no_new_privileges: !security.allowPrivilegeEscalation,
    read_only_filesystem: security.readOnlyRootFilesystem,
    ...(security.privileged ? {} : {
      cap_add: security.addCapabilities.map(capability),
      cap_drop: security.dropCapabilities.map(capability),
      ...seccomp(security.seccompProfile, seccompDirectory),
    }),
  };
}

/** Kubernetes leaves system calls open unless a profile is asked for; Podman would take its own. */
function seccomp(profile: string | undefined, directory: string): JsonObject {
  if (profile === "RuntimeDefault") return {};
  if (profile?.startsWith("Localhost/") === true) {
    return { seccomp_profile_path: `${directory}/${profile.slice("Localhost/".length)}` };
  }
  return { seccomp_profile_path: "unconfined" };
}

function capability(name: string): string {
  const upper = name.toUpperCase();
  return upper === "ALL" || upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
}

/** `user[:group]`; a group alone goes with the image's user. */
function userOf(security: ContainerSecurity, imageUser: string | undefined): string | undefined {
  const { runAsUser, runAsGroup } = security;
  if (runAsUser === undefined && runAsGroup === undefined) return undefined;
  const user = runAsUser === undefined
    ? (imageUser ?? "").split(":", 1)[0] || "0"
    : String(runAsUser);
  return runAsGroup === undefined ? user : `${user}:${runAsGroup}`;
}

function trimmed(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}
