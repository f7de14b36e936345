import { type Lease, LEASES, type Node, NODES, type NodeStatus } from "../api/mod.ts";
import {
  type Clock,
  hasReason,
  type Logger,
  microTimestamp,
  type Random,
  sleep,
} from "../base/mod.ts";
import type { Client } from "../client/mod.ts";
import type { EventRecorder } from "../reconcile/mod.ts";
import type { KubeletConfiguration, Machine } from "./config.ts";
import { newNode, nodeLabels, nodeStatus, nodeStatusPatch, statusChanged } from "./node_status.ts";
import type { ContainerRuntime, Image, RuntimeStatus } from "./runtime.ts";

export interface NodeAgentOptions {
  readonly name: string;
  readonly machine: Machine;
  readonly configuration: KubeletConfiguration;
  readonly client: Client;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly recorder: EventRecorder;
}

const LEASE_NAMESPACE = "kube-node-lease";
const RETRY_MILLISECONDS = 1000;
/** A node that starts tells soon that it is ready: so often it looks, and so long. */
const START_LOOK_MILLISECONDS = 100;
const START_MAXIMUM_MILLISECONDS = 120_000;
/** A lease is renewed four times before it would run out. */
const RENEWALS_PER_LEASE = 4;

/** The node's own objects: registers it, posts its status, renews its lease. */
export class NodeAgent {
  readonly #options: NodeAgentOptions;
  #node: Node | undefined;
  #lease: Lease | undefined;
  #reportedAt = -Infinity;
  #nextReport = 0;

  constructor(options: NodeAgentOptions) {
    this.#options = options;
  }

  #limitsTold = false;

  /** This node as the API last answered it. */
  get node(): Node | undefined {
    return this.#node;
  }

  /** Registers the node with its first status; tries until it succeeds or the signal aborts. */
  async register(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    this.#event("Normal", "Starting", "Starting kubelet.");
    for (;;) {
      signal.throwIfAborted();
      try {
        await this.#register();
        return;
      } catch (error) {
        logger.warn("cannot register the node", { error: String(error) });
        await sleep(clock, RETRY_MILLISECONDS, signal);
      }
    }
  }

  /** Posts status and renews the lease until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const { configuration } = this.#options;
    const renewal = configuration.nodeLeaseDurationSeconds * 1000 / RENEWALS_PER_LEASE;
    const update = configuration.nodeStatusUpdateFrequencySeconds * 1000;
    const startEnd = this.#options.clock.monotonic() + START_MAXIMUM_MILLISECONDS;
    const untilReport = () => this.#isStarting(startEnd) ? START_LOOK_MILLISECONDS : update;
    await Promise.all([
      this.#repeat("lease", () => renewal, signal, () => this.#renew()),
      this.#repeat("status", untilReport, signal, () => this.#report()),
    ]);
  }

  /** Not ready yet: its network, for one, comes with the range that it is given once it is registered. */
  #isStarting(end: number): boolean {
    return this.#told.get("Ready") !== "True" && this.#options.clock.monotonic() < end;
  }

  async #repeat(
    what: string,
    period: () => number,
    signal: AbortSignal,
    work: () => Promise<void>,
  ): Promise<void> {
    const { clock, logger } = this.#options;
    while (!signal.aborted) {
      let failed = false;
      try {
        await work();
      } catch (error) {
        logger.warn(`cannot write the node's ${what}`, { error: String(error) });
        failed = true;
      }
      const wait = failed ? RETRY_MILLISECONDS : period();
      await sleep(clock, wait, signal).catch(() => {});
    }
  }

  async #register(): Promise<void> {
    const { client, configuration, machine, name } = this.#options;
    const status = await this.#status(undefined);
    try {
      this.#node = await client.create(NODES, newNode(name, machine, configuration, status));
      this.#tellConditions(status);
    } catch (error) {
      if (!hasReason(error, "AlreadyExists")) throw error;
      const existing = await client.get(NODES, name);
      const labels = nodeLabels(name, machine, configuration);
      const old = existing.metadata?.labels ?? {};
      const changed = Object.entries(labels).some(([key, value]) => old[key] !== value);
      this.#node = changed
        ? await client.patch(NODES, name, { metadata: { labels } }, { type: "merge" })
        : existing;
      const before = existing.status?.nodeInfo?.bootID;
      if (before !== undefined && before !== "" && before !== machine.bootID) {
        this.#event(
          "Warning",
          "Rebooted",
          `Node ${name} has been rebooted, boot id: ${machine.bootID}`,
        );
      }
    }
    await this.#report();
  }

  async #report(): Promise<void> {
    const { client, clock, configuration, name, random } = this.#options;
    const previous = this.#node?.status;
    const status = await this.#status(previous);
    const now = clock.monotonic();
    const due = now >= this.#reportedAt + this.#nextReport;
    if (!statusChanged(previous, status) && !due) return;
    try {
      const patch = nodeStatusPatch(status);
      this.#node = await client.patch<Node>(NODES, name, patch, {
        type: "strategic",
        subresource: "status",
      });
    } catch (error) {
      // Someone deleted the node: it comes back as new.
      if (hasReason(error, "NotFound") && configuration.registerNode) return await this.#register();
      throw error;
    }
    this.#tellConditions(status);
    this.#reportedAt = now;
    // Spread, so that nodes started together do not report together for ever.
    const period = configuration.nodeStatusReportFrequencySeconds * 1000;
    this.#nextReport = period * (0.5 + random.next());
  }

  async #status(previous: NodeStatus | undefined): Promise<NodeStatus> {
    const { clock, configuration, machine, runtime: port } = this.#options;
    let runtime: RuntimeStatus | undefined;
    let images: readonly Image[] = [];
    let runtimeFailure: string | undefined;
    try {
      [runtime, images] = await Promise.all([port.status(), port.listImages()]);
      this.#tellLimits(runtime);
    } catch (error) {
      runtimeFailure = error instanceof Error ? error.message : String(error);
    }
    return nodeStatus({
      machine,
      configuration,
      runtimeName: port.name,
      runtime,
      images,
      previous,
      now: clock.now(),
      ...(runtimeFailure === undefined ? {} : { runtimeFailure }),
    });
  }

  async #renew(): Promise<void> {
    const { client, clock, configuration, name } = this.#options;
    const renewTime = microTimestamp(clock.now());
    if (this.#lease === undefined) {
      this.#lease = await client.find(LEASES, name, LEASE_NAMESPACE);
    }
    try {
      this.#lease = this.#lease === undefined
        ? await client.create(LEASES, this.#newLease(renewTime))
        : await client.update(LEASES, {
          ...this.#lease,
          spec: {
            ...this.#lease.spec,
            holderIdentity: name,
            leaseDurationSeconds: configuration.nodeLeaseDurationSeconds,
            renewTime,
          },
        });
    } catch (error) {
      // Changed or gone meanwhile: read anew at the next turn.
      this.#lease = undefined;
      throw error;
    }
  }

  #newLease(renewTime: string): Lease {
    const { configuration, name } = this.#options;
    const uid = this.#node?.metadata?.uid;
    return {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: {
        name,
        namespace: LEASE_NAMESPACE,
        ...(uid === undefined
          ? {}
          : { ownerReferences: [{ apiVersion: "v1", kind: "Node", name, uid }] }),
      },
      spec: {
        holderIdentity: name,
        leaseDurationSeconds: configuration.nodeLeaseDurationSeconds,
        renewTime,
      },
    };
  }

  readonly #told = new Map<string, string>();
  #tellConditions(after: NodeStatus): void {
    const { name } = this.#options;
    for (const { type = "", status = "" } of after.conditions ?? []) {
      if (this.#told.get(type) === status) continue;
      this.#told.set(type, status);
      const word = CONDITION_WORDS[`${type}=${status}`];
      if (word !== undefined) this.#event("Normal", word, `Node ${name} status is now: ${word}`);
    }
  }

  /** Says once what pods ask for in vain on this node. */
  #tellLimits(runtime: RuntimeStatus): void {
    if (this.#limitsTold) return;
    this.#limitsTold = true;
    const { name } = this.#options;
    if (runtime.limitsUnavailable === true) {
      this.#event(
        "Warning",
        "ResourceLimitsUnavailable",
        `Node ${name} applies no CPU and memory limits: its user has been delegated no cgroups`,
      );
    }
    if (runtime.negativeOomScoreUnavailable === true) {
      this.#event(
        "Warning",
        "OOMScoreUnavailable",
        `Node ${name} cannot shield containers from the out-of-memory killer: the machine permits no negative oom_score_adj`,
      );
    }
  }

  #event(type: "Normal" | "Warning", reason: string, message: string): void {
    const { name, recorder } = this.#options;
    // Events about nodes carry the name as uid, as upstream's do.
    const target = { apiVersion: "v1", kind: "Node", metadata: { name, uid: name } };
    if (type === "Normal") recorder.normal(target, reason, message);
    else recorder.warning(target, reason, message);
  }
}

const CONDITION_WORDS: Readonly<Record<string, string>> = {
  "MemoryPressure=False": "NodeHasSufficientMemory",
  "MemoryPressure=True": "NodeHasInsufficientMemory",
  "DiskPressure=False": "NodeHasNoDiskPressure",
  "DiskPressure=True": "NodeHasDiskPressure",
  "PIDPressure=False": "NodeHasSufficientPID",
  "PIDPressure=True": "NodeHasInsufficientPID",
  "Ready=True": "NodeReady",
  "Ready=False": "NodeNotReady",
};
