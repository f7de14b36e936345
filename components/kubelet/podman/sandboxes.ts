import type { Clock, JsonValue, Logger, Random } from "../../base/mod.ts";
import { findProgram, networkNamespacePath, removeCgroupTree } from "../../host/mod.ts";
import {
  type Attachment,
  CniError,
  loadConflist,
  type NetworkConfiguration,
  type NetworkPlugins,
  resultAddresses,
} from "../cni/mod.ts";
import { RuntimeError, type Sandbox, type SandboxConfig } from "../runtime.ts";
import type { LibpodClient } from "./libpod_client.ts";
import { LibpodError } from "./libpod_error.ts";
import { engineName, PAUSE_LABEL } from "./names.ts";
import type { NodeDirectory } from "./node_directory.ts";
import type { RecordStore } from "./record_store.ts";
import { makeNamespaces, removeNamespaces } from "./sandbox_namespaces.ts";
import { sandboxOf, type SandboxRecord } from "./sandbox_record.ts";

const INTERFACE = "eth0";

export interface SandboxSurroundings {
  readonly client: LibpodClient;
  readonly directory: NodeDirectory;
  readonly records: RecordStore<SandboxRecord>;
  readonly plugins: NetworkPlugins;
  readonly boot: string;
  /** Below which containers' cgroups go; undefined where none can be made. */
  readonly cgroupParent?: string;
  /** True where containers go without cgroups. */
  readonly cgroupsOff: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Pods' sandboxes: namespaces held by mounts, the network chain, and a record of each on disk. */
export class Sandboxes {
  readonly #around: SandboxSurroundings;

  constructor(around: SandboxSurroundings) {
    this.#around = around;
  }

  async run(config: SandboxConfig): Promise<Sandbox> {
    const { records, boot, clock, random, cgroupParent } = this.#around;
    const id = random.uuid().replaceAll("-", "") + random.uuid().replaceAll("-", "");
    let record: SandboxRecord = {
      id,
      boot,
      ready: false,
      createdAt: clock.now(),
      labels: config.labels,
      hostname: config.hostname,
      hostNetwork: config.hostNetwork,
      hostPID: config.hostPID,
      hostIPC: config.hostIPC,
      ...(config.cgroupParent === undefined || cgroupParent === undefined
        ? {}
        : { cgroupParent: `${cgroupParent}/${config.cgroupParent}` }),
      ips: [],
      portMappings: config.hostPorts.map((port) => ({
        hostPort: port.hostPort,
        containerPort: port.containerPort,
        protocol: port.protocol.toLowerCase(),
        ...(port.hostIP === undefined || port.hostIP === "" ? {} : { hostIP: port.hostIP }),
      })),
      pod: { name: config.name, namespace: config.namespace, uid: config.uid },
    };
    // The record stands before anything that must be taken down again.
    await records.put(id, record);
    try {
      await makeNamespaces(record, this.#around.directory.sandboxRun(id), config.sysctls);
      if (!config.hostNetwork) record = await this.#connect(record);
      if (config.shareProcessNamespace) {
        record = { ...record, pauseContainer: await this.#startPause(record) };
      }
      record = { ...record, ready: true };
      await records.put(id, record);
      return sandboxOf(record, boot);
    } catch (error) {
      await this.remove(id).catch((failure) => {
        this.#around.logger.warn("sandbox not cleaned up", { sandbox: id, error: failure });
      });
      throw error;
    }
  }

  /** Takes network and namespaces down. The containers in it have ended before. */
  async stop(id: string): Promise<void> {
    const { records, plugins, boot, directory } = this.#around;
    const record = records.get(id);
    if (record === undefined) return;
    if (record.ready) await records.put(id, { ...record, ready: false });
    if (record.pauseContainer !== undefined) await this.#removePause(record.pauseContainer);
    if (record.attachment !== undefined) {
      const stands = record.boot === boot;
      const attachment = attachmentOf(record, stands ? networkNamespacePath(id) : "");
      await plugins.delete(record.attachment, attachment).catch(asSandboxError);
    }
    await removeNamespaces(id, directory.sandboxRun(id));
    const { attachment: _, pauseContainer: __, ...rest } = record;
    await records.put(id, { ...rest, ready: false });
  }

  async remove(id: string): Promise<void> {
    await this.stop(id);
    const { records } = this.#around;
    const cgroup = records.get(id)?.cgroupParent;
    // Podman leaves the pod's folder and that of its monitors.
    if (cgroup !== undefined) await removeCgroupTree(cgroup);
    await records.delete(id);
  }

  list(): Sandbox[] {
    const { records, boot } = this.#around;
    return records.values().map((record) => sandboxOf(record, boot));
  }

  /** A sandbox in which containers can be made. Rejects with `NotFound` or `Sandbox`. */
  require(id: string): SandboxRecord {
    const record = this.#around.records.get(id);
    if (record === undefined) throw new RuntimeError("NotFound", `no sandbox ${id}`);
    if (!record.ready || record.boot !== this.#around.boot) {
      throw new RuntimeError("Sandbox", `sandbox ${id} is not ready`);
    }
    return record;
  }

  /** Why pods cannot be connected now; undefined when they can. */
  async networkFailure(): Promise<string | undefined> {
    try {
      const network = await this.#network();
      return await this.#around.plugins.missingPlugin(network);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async #network(): Promise<NetworkConfiguration> {
    const folder = this.#around.directory.networkConfigurations;
    const network = await loadConflist(folder);
    if (network === undefined) throw new Error(`no network config found in ${folder}`);
    return network;
  }

  async #connect(record: SandboxRecord): Promise<SandboxRecord> {
    const { plugins, records } = this.#around;
    let connected = record;
    try {
      const network = await this.#network();
      // Kept before, so that a chain that was cut short by our end is undone too.
      connected = { ...record, attachment: { network, result: {} } };
      await records.put(record.id, connected);
      const attachment = attachmentOf(record, networkNamespacePath(record.id));
      const done = await plugins.add(network, attachment);
      connected = { ...record, attachment: done, ips: resultAddresses(done.result) };
    } catch (error) {
      return asSandboxError(error);
    }
    if (connected.ips.length === 0) {
      throw new RuntimeError("Sandbox", "the network gave the pod no address");
    }
    await records.put(record.id, connected);
    return connected;
  }

  async #removePause(id: string): Promise<void> {
    try {
      await this.#around.client.open("DELETE", `/containers/${id}`, {
        query: { force: true, timeout: 0 },
      });
    } catch (error) {
      if (!(error instanceof LibpodError) || error.status !== 404) throw error;
    }
  }

  /** The first process of a pod's shared process namespace, in a root file system with nothing else in it. */
  async #startPause(record: SandboxRecord): Promise<string> {
    const { client, directory, random } = this.#around;
    const program = await findProgram("catatonit");
    if (program === undefined) throw new RuntimeError("Sandbox", "catatonit is not installed");
    const root = directory.pauseRoot;
    if (!await Deno.stat(`${root}/pause`).then(() => true, () => false)) {
      await Deno.mkdir(root, { recursive: true });
      await Deno.copyFile(program, `${root}/pause.new`);
      await Deno.chmod(`${root}/pause.new`, 0o755);
      await Deno.rename(`${root}/pause.new`, `${root}/pause`);
    }
    const { name, namespace, uid } = record.pod;
    const path = (value: string) => ({ nsmode: "path", value });
    const run = directory.sandboxRun(record.id);
    const { Id } = await client.json<{ Id: string }>("POST", "/containers/create", {
      body: {
        name: engineName(["POD", name, namespace, uid], random.uuid()),
        rootfs: root,
        entrypoint: ["/pause", "-P"],
        labels: { [PAUSE_LABEL]: record.id },
        netns: record.hostNetwork ? { nsmode: "host" } : path(networkNamespacePath(record.id)),
        utsns: record.hostNetwork ? { nsmode: "host" } : path(`${run}/uts`),
        ipcns: record.hostIPC ? { nsmode: "host" } : path(`${run}/ipc`),
        read_only_filesystem: true,
        cap_drop: ["ALL"],
        no_new_privileges: true,
        use_image_resolve_conf: true,
        use_image_hosts: true,
        systemd: "false",
        restart_policy: "no",
        log_configuration: { driver: "none" },
        ...(this.#around.cgroupsOff ? { cgroups_mode: "disabled" } : {}),
        ...(record.cgroupParent === undefined ? {} : { cgroup_parent: record.cgroupParent }),
      },
    });
    await client.json("POST", `/containers/${Id}/start`);
    return Id;
  }
}

function attachmentOf(record: SandboxRecord, netns: string): Attachment {
  const { name, namespace, uid } = record.pod;
  const portMappings = record.portMappings.map((mapping): JsonValue => ({ ...mapping }));
  return {
    containerId: record.id,
    netns,
    ifname: INTERFACE,
    runtimeConfig: portMappings.length === 0 ? {} : { portMappings },
    args: {
      K8S_POD_NAMESPACE: namespace,
      K8S_POD_NAME: name,
      K8S_POD_INFRA_CONTAINER_ID: record.id,
      K8S_POD_UID: uid,
    },
  };
}

function asSandboxError(error: unknown): never {
  if (error instanceof RuntimeError) throw error;
  const message = error instanceof Error ? error.message : String(error);
  const plugin = error instanceof CniError ? `plugin type="${error.plugin}" ` : "";
  throw new RuntimeError(
    "Sandbox",
    message.startsWith("plugin type") ? message : `network: ${plugin}${message}`,
  );
}
