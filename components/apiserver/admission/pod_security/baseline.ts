import type { Container, PodSpec } from "../../../api/served.ts";
import {
  type Check,
  containersOf,
  containersThat,
  counted,
  distinct,
  hasUserNamespace,
  named,
  quoted,
  setters,
} from "./standard.ts";

const CAPABILITIES = new Set([
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
]);

const SYSCTLS: readonly (readonly [since: number, name: string])[] = [
  [0, "kernel.shm_rmid_forced"],
  [0, "net.ipv4.ip_local_port_range"],
  [0, "net.ipv4.tcp_syncookies"],
  [0, "net.ipv4.ping_group_range"],
  [0, "net.ipv4.ip_unprivileged_port_start"],
  [27, "net.ipv4.ip_local_reserved_ports"],
  [29, "net.ipv4.tcp_keepalive_time"],
  [29, "net.ipv4.tcp_fin_timeout"],
  [29, "net.ipv4.tcp_keepalive_intvl"],
  [29, "net.ipv4.tcp_keepalive_probes"],
  [32, "net.ipv4.tcp_rmem"],
  [32, "net.ipv4.tcp_wmem"],
];

const SELINUX_TYPES = ["", "container_t", "container_init_t", "container_kvm_t"];
const SELINUX_ENGINE_SINCE = 31;
const APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP_POD_ANNOTATION = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER_ANNOTATION = "container.seccomp.security.alpha.kubernetes.io/";
const SECCOMP_FIELD_SINCE = 19;

/** Profile types that confine. */
export const isProfile = (type: string | undefined): boolean =>
  type === "RuntimeDefault" || type === "Localhost";

const appArmorProfile: Check = {
  id: "appArmorProfile",
  since: 0,
  find(pod) {
    const whole = pod.spec.securityContext?.appArmorProfile;
    const isBad = (profile: { type?: string } | undefined) =>
      profile !== undefined && !isProfile(profile.type);
    const bad = containersOf(pod).filter((one) => isBad(one.securityContext?.appArmorProfile));
    const types = bad.map((one) => one.securityContext?.appArmorProfile?.type ?? "");
    if (isBad(whole)) types.push(whole?.type ?? "");
    const annotations = Object.entries(pod.metadata.annotations ?? {}).filter(([key, value]) =>
      key.startsWith(APPARMOR_ANNOTATION) && value !== "" && value !== "runtime/default" &&
      !value.startsWith("localhost/")
    ).map(([key, value]) => `${key}=${JSON.stringify(value)}`).sort();
    const who = setters(isBad(whole), bad.map(({ name = "" }) => name));
    if (annotations.length > 0) who.push(counted("annotation", annotations.length));
    if (who.length === 0) return undefined;
    const values = [...distinct(types), ...annotations];
    return {
      reason: counted("forbidden AppArmor profile", values.length),
      detail: `${who.join(" and ")} must not set AppArmor profile type to ${quoted(values)}`,
    };
  },
};

const capabilities: Check = {
  id: "capabilities_baseline",
  since: 0,
  find(pod) {
    const added = ({ securityContext }: Container) =>
      (securityContext?.capabilities?.add ?? []).filter((name) => !CAPABILITIES.has(name));
    const bad = containersOf(pod).filter((container) => added(container).length > 0);
    if (bad.length === 0) return undefined;
    const names = bad.map(({ name = "" }) => name);
    return {
      reason: "non-default capabilities",
      detail: `${named("container", names)} must not include ` +
        `${quoted(distinct(bad.flatMap(added)))} in securityContext.capabilities.add`,
    };
  },
};

const hostNamespaces: Check = {
  id: "hostNamespaces",
  since: 0,
  find({ spec }) {
    const shared = (["hostNetwork", "hostPID", "hostIPC"] as const)
      .filter((member) => spec[member] === true);
    if (shared.length === 0) return undefined;
    return {
      reason: "host namespaces",
      detail: shared.map((member) => `${member}=true`).join(", "),
    };
  },
};

const hostPathVolumes: Check = {
  id: "hostPathVolumes",
  since: 0,
  find({ spec }) {
    const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined)
      .map(({ name = "" }) => name);
    if (names.length === 0) return undefined;
    return { reason: "hostPath volumes", detail: named("volume", names) };
  },
};

const hostPorts: Check = {
  id: "hostPorts",
  since: 0,
  find(pod) {
    const taken = ({ ports = [] }: Container) =>
      ports.filter(({ hostPort }) => (hostPort ?? 0) !== 0).map(({ hostPort }) => String(hostPort));
    const bad = containersOf(pod).filter((container) => taken(container).length > 0);
    if (bad.length === 0) return undefined;
    const ports = distinct(bad.flatMap(taken));
    const verb = bad.length === 1 ? "uses" : "use";
    return {
      reason: "hostPort",
      detail: `${named("container", bad.map(({ name = "" }) => name))} ${verb} ` +
        `${counted("hostPort", ports.length)} ${ports.join(", ")}`,
    };
  },
};

const hostProbes: Check = {
  id: "hostProbesAndHostLifecycle",
  since: 34,
  find(pod) {
    const hosts = (container: Container): string[] => {
      const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
      return [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop]
        .flatMap((handler) => [handler?.httpGet?.host ?? "", handler?.tcpSocket?.host ?? ""])
        .filter((host) => host !== "");
    };
    const bad = containersOf(pod).filter((container) => hosts(container).length > 0);
    if (bad.length === 0) return undefined;
    const all = distinct(bad.flatMap(hosts));
    const verb = bad.length === 1 ? "uses" : "use";
    return {
      reason: "probe or lifecycle host",
      detail: `${named("container", distinct(bad.map(({ name = "" }) => name)))} ${verb} ` +
        named("probe or lifecycle host", all),
    };
  },
};

const privileged: Check = {
  id: "privileged",
  since: 0,
  find(pod) {
    const bad = containersThat(pod, (one) => one.securityContext?.privileged === true);
    if (bad.length === 0) return undefined;
    return {
      reason: "privileged",
      detail: `${named("container", bad)} must not set securityContext.privileged=true`,
    };
  },
};

const procMount: Check = {
  id: "procMount",
  since: 0,
  find(pod, version) {
    if (hasUserNamespace(pod, version)) return undefined;
    const bad = containersOf(pod).filter(({ securityContext }) =>
      (securityContext?.procMount ?? "Default") !== "Default"
    );
    if (bad.length === 0) return undefined;
    const types = distinct(bad.map((one) => one.securityContext?.procMount ?? ""));
    return {
      reason: "procMount",
      detail: `${named("container", bad.map(({ name = "" }) => name))} must not set ` +
        `securityContext.procMount to ${quoted(types)}`,
    };
  },
};

const seLinuxOptions: Check = {
  id: "seLinuxOptions",
  since: 0,
  find(pod, version) {
    const allowed = version >= SELINUX_ENGINE_SINCE
      ? [...SELINUX_TYPES, "container_engine_t"]
      : SELINUX_TYPES;
    type Options = NonNullable<PodSpec["securityContext"]>["seLinuxOptions"];
    const isBad = (options: Options) =>
      options !== undefined &&
      (!allowed.includes(options.type ?? "") || Boolean(options.user) || Boolean(options.role));
    const whole = pod.spec.securityContext?.seLinuxOptions;
    const bad = containersOf(pod).filter((one) => isBad(one.securityContext?.seLinuxOptions));
    const who = setters(isBad(whole), bad.map(({ name = "" }) => name));
    if (who.length === 0) return undefined;
    const all = [
      ...(isBad(whole) ? [whole] : []),
      ...bad.map((one) => one.securityContext?.seLinuxOptions),
    ];
    const types = distinct(
      all.map((one) => one?.type ?? "").filter((one) => !allowed.includes(one)),
    );
    const what = [
      ...(types.length > 0 ? [named("type", types)] : []),
      ...(all.some((one) => Boolean(one?.user)) ? ["user may not be set"] : []),
      ...(all.some((one) => Boolean(one?.role)) ? ["role may not be set"] : []),
    ];
    return {
      reason: "seLinuxOptions",
      detail: `${who.join(" and ")} set forbidden securityContext.seLinuxOptions: ` +
        what.join("; "),
    };
  },
};

const seccompProfile: Check = {
  id: "seccompProfile_baseline",
  since: 0,
  find(pod, version) {
    if (version < SECCOMP_FIELD_SINCE) return seccompAnnotations(pod);
    const whole = pod.spec.securityContext?.seccompProfile;
    const isBad = (profile: { type?: string } | undefined) =>
      profile !== undefined && !isProfile(profile.type);
    const bad = containersOf(pod).filter((one) => isBad(one.securityContext?.seccompProfile));
    const who = setters(isBad(whole), bad.map(({ name = "" }) => name));
    if (who.length === 0) return undefined;
    const types = bad.map((one) => one.securityContext?.seccompProfile?.type ?? "");
    if (isBad(whole)) types.push(whole?.type ?? "");
    return {
      reason: "seccompProfile",
      detail: `${who.join(" and ")} must not set securityContext.seccompProfile.type to ` +
        quoted(distinct(types)),
    };
  },
};

const seccompAnnotations: (pod: Parameters<Check["find"]>[0]) => ReturnType<Check["find"]> = (
  pod,
) => {
  const keys = [
    SECCOMP_POD_ANNOTATION,
    ...containersOf(pod).map(({ name = "" }) => SECCOMP_CONTAINER_ANNOTATION + name),
  ];
  const bad: string[] = [];
  for (const key of keys) {
    const value = pod.metadata.annotations?.[key];
    if (value === undefined || value === "runtime/default" || value === "docker/default") continue;
    if (!value.startsWith("localhost/")) bad.push(`${key}=${JSON.stringify(value)}`);
  }
  if (bad.length === 0) return undefined;
  const all = distinct(bad);
  return {
    reason: "seccompProfile",
    detail: `forbidden ${counted("annotation", all.length)} ${all.join(", ")}`,
  };
};

const sysctls: Check = {
  id: "sysctls",
  since: 0,
  find({ spec }, version) {
    const allowed = SYSCTLS.filter(([since]) => since <= version).map(([, name]) => name);
    const bad = (spec.securityContext?.sysctls ?? []).map(({ name = "" }) => name)
      .filter((name) => !allowed.includes(name));
    if (bad.length === 0) return undefined;
    return { reason: "forbidden sysctls", detail: bad.join(", ") };
  },
};

const windowsHostProcess: Check = {
  id: "windowsHostProcess",
  since: 0,
  find(pod) {
    const whole = pod.spec.securityContext?.windowsOptions?.hostProcess === true;
    const bad = containersThat(
      pod,
      (one) => one.securityContext?.windowsOptions?.hostProcess === true,
    );
    const who = setters(whole, bad);
    if (who.length === 0) return undefined;
    return {
      reason: "hostProcess",
      detail: `${who.join(" and ")} must not set securityContext.windowsOptions.hostProcess=true`,
    };
  },
};

/** What keeps a pod from known ways to more rights than it should have, by id. */
export const BASELINE: readonly Check[] = [
  appArmorProfile,
  capabilities,
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  hostProbes,
  privileged,
  procMount,
  seLinuxOptions,
  seccompProfile,
  sysctls,
  windowsHostProcess,
];
