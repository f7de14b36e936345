/** What a container gets without asking, as other Kubernetes runtimes have it; Podman's own list is shorter. */
export const DEFAULT_CAPABILITIES = [
  "CAP_AUDIT_WRITE",
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_MKNOD",
  "CAP_NET_BIND_SERVICE",
  "CAP_NET_RAW",
  "CAP_SETFCAP",
  "CAP_SETGID",
  "CAP_SETPCAP",
  "CAP_SETUID",
  "CAP_SYS_CHROOT",
];

export interface EngineOptions {
  readonly ociRuntime: "runc" | "crun";
  /** The most that this process may give, where it may not raise limits. */
  readonly openFiles?: number;
  readonly processes?: number;
  /** A folder of ours, so that no network of the machine's is taken for ours. */
  readonly networkDirectory: string;
}

/** The text of our own `CONTAINERS_CONF`: the machine's is neither read nor changed. Pure. */
export function containersConf(options: EngineOptions): string {
  const ulimits: string[] = [];
  const { openFiles, processes } = options;
  if (openFiles !== undefined) ulimits.push(`nofile=${openFiles}:${openFiles}`);
  if (processes !== undefined) ulimits.push(`nproc=${processes}:${processes}`);
  return [
    "[containers]",
    `default_capabilities=${JSON.stringify(DEFAULT_CAPABILITIES)}`,
    "default_sysctls=[]",
    `default_ulimits=${JSON.stringify(ulimits)}`,
    "pids_limit=0",
    "no_hosts=true",
    "http_proxy=false",
    "label=false",
    'log_driver="k8s-file"',
    "log_size_max=-1",
    "[network]",
    `network_config_dir=${JSON.stringify(options.networkDirectory)}`,
    "[engine]",
    `runtime=${JSON.stringify(options.ociRuntime)}`,
    'cgroup_manager="cgroupfs"',
    'events_logger="file"',
    // The default, 300 s, delays a container's removal for the exec sessions it had.
    "exit_command_delay=3",
    "",
  ].join("\n");
}
