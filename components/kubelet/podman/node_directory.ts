const ENGINE_TEMPORARY = "/run/coracle/podman/tmp";

/** Where a Podman node keeps things. Everything below `/run` is the node's own and gone with its boot. */
export class NodeDirectory {
  constructor(readonly path: string) {}

  /** Podman's REST socket; reachable also from outside the node's namespaces. */
  get socket(): string {
    return `${this.path}/podman.sock`;
  }
  get serviceState(): string {
    return `${this.path}/podman/service.json`;
  }
  get serviceLog(): string {
    return `${this.path}/podman/service.log`;
  }
  get engineConfiguration(): string {
    return `${this.path}/podman/containers.conf`;
  }
  get engineHome(): string {
    return `${this.path}/podman/home`;
  }
  get engineNetworks(): string {
    return `${this.path}/podman/networks`;
  }
  get temporary(): string {
    return `${this.path}/podman/tmp`;
  }
  /** Root file system of pause containers: one static program. */
  get pauseRoot(): string {
    return `${this.path}/podman/pause`;
  }
  /** One file a sandbox. */
  get sandboxes(): string {
    return `${this.path}/sandboxes`;
  }
  /** One file a container: what Podman forgets when the node boots. */
  get containers(): string {
    return `${this.path}/containers`;
  }
  get networkConfigurations(): string {
    return `${this.path}/cni/net.d`;
  }
  get leases(): string {
    return `${this.path}/cni/leases`;
  }
  /** Which boot of the node this is: the file is there as long as the boot. */
  get bootFile(): string {
    return "/run/coracle/boot";
  }
  /** A live sandbox's namespaces and shared memory. */
  sandboxRun(id: string): string {
    return `/run/coracle/sandboxes/${id}`;
  }

  /** Where containers' monitors note how they ended. */
  get exits(): string {
    return `${ENGINE_TEMPORARY}/exits`;
  }

  /** Recorded in the store at its first use: the same at every call. */
  get engineArguments(): string[] {
    return [
      "--root",
      `${this.path}/storage`,
      "--runroot",
      "/run/coracle/podman/runroot",
      "--tmpdir",
      ENGINE_TEMPORARY,
      "--storage-driver",
      "overlay",
    ];
  }

  async make(): Promise<void> {
    const folders = [
      this.engineHome,
      this.engineNetworks,
      this.temporary,
      this.sandboxes,
      this.containers,
      this.networkConfigurations,
      this.leases,
      "/run/coracle/podman",
      "/run/coracle/sandboxes",
    ];
    for (const folder of folders) await Deno.mkdir(folder, { recursive: true, mode: 0o755 });
  }

  /** The name of this boot; the first to ask gives it. */
  async boot(uuid: () => string): Promise<string> {
    await Deno.mkdir("/run/coracle", { recursive: true });
    try {
      return await Deno.readTextFile(this.bootFile);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    const name = uuid();
    await Deno.writeTextFile(this.bootFile, name);
    return name;
  }
}
