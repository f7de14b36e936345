import type { Pod, Probe } from "../api/mod.ts";
import type { Clock, Random } from "../base/mod.ts";
import { previousStatus } from "./container_status.ts";
import {
  initContainers,
  latestInstance,
  mainContainers,
  type PodContainer,
  type PodRuntime,
} from "./pod_containers.ts";
import type { PodEvents } from "./pod_events.ts";
import type { FailedProbe } from "./pod_plan.ts";
import { probeRequest } from "./probe_request.ts";
import { type ProbeKind, ProbeWorker } from "./probe_worker.ts";
import type { ContainerRuntime, ContainerState, ProbeResult } from "./runtime.ts";

export interface ProbeManagerOptions {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: PodEvents;
  readonly hostIPs: readonly string[];
  /** A verdict of one of the pod's probes has changed. */
  onChange(uid: string): void;
}

interface InstanceProbes {
  readonly container: PodContainer;
  readonly workers: Map<ProbeKind, ProbeWorker>;
}

/** After a start of the kubelet its probes are spread over their periods. */
const SPREAD_MILLISECONDS = 10_000;

/** The probes of all pods of the node: one worker a probe and running instance. */
export class ProbeManager {
  readonly #options: ProbeManagerOptions;
  readonly #begun: number;
  /** By pod uid, then by container id. */
  readonly #pods = new Map<string, Map<string, InstanceProbes>>();

  constructor(options: ProbeManagerOptions) {
    this.#options = options;
    this.#begun = options.clock.monotonic();
  }

  /** Starts and ends workers to match what runs. `hooking` instances are not probed yet. */
  sync(
    pod: Pod,
    runtime: PodRuntime,
    hooking: ReadonlySet<string>,
    ending: boolean,
  ): void {
    const uid = pod.metadata?.uid ?? "";
    const probes = this.#pods.get(uid) ?? new Map<string, InstanceProbes>();
    const running = new Set<string>();
    for (const container of [...initContainers(pod), ...mainContainers(pod)]) {
      if (!hasProbes(container)) continue;
      const instance = latestInstance(runtime, container.name);
      if (instance?.state !== "running" || hooking.has(instance.id)) continue;
      running.add(instance.id);
      let entry = probes.get(instance.id);
      if (entry === undefined) {
        probes.set(instance.id, entry = { container, workers: new Map() });
      }
      this.#syncInstance(pod, runtime, instance, entry, ending);
    }
    for (const [id, { workers }] of probes) {
      if (running.has(id)) continue;
      for (const worker of workers.values()) worker.end();
      probes.delete(id);
    }
    if (probes.size > 0) this.#pods.set(uid, probes);
    else this.#pods.delete(uid);
  }

  /** True when the instance has no startup probe, or it has passed. */
  started(pod: Pod, container: PodContainer | undefined, instance: ContainerState): boolean {
    if (container?.spec.startupProbe === undefined) return true;
    return this.#verdict(pod, instance, "startup") === true;
  }

  ready(pod: Pod, container: PodContainer | undefined, instance: ContainerState): boolean {
    if (container?.spec.readinessProbe === undefined) return true;
    return this.#verdict(pod, instance, "readiness") === true;
  }

  /** The probe because of which the instance must be killed. */
  failed(pod: Pod, instance: ContainerState): FailedProbe | undefined {
    const entry = this.#pods.get(pod.metadata?.uid ?? "")?.get(instance.id);
    if (entry === undefined) return undefined;
    for (const kind of ["startup", "liveness"] as const) {
      if (entry.workers.get(kind)?.verdict !== false) continue;
      const probe = probeOf(entry.container, kind);
      const graceSeconds = probe?.terminationGracePeriodSeconds ??
        pod.spec?.terminationGracePeriodSeconds ?? 30;
      return { probe: kind, graceSeconds };
    }
    return undefined;
  }

  forget(uid: string): void {
    for (const { workers } of this.#pods.get(uid)?.values() ?? []) {
      for (const worker of workers.values()) worker.end();
    }
    this.#pods.delete(uid);
  }

  end(): void {
    for (const uid of [...this.#pods.keys()]) this.forget(uid);
  }

  #verdict(pod: Pod, instance: ContainerState, kind: ProbeKind): boolean | undefined {
    const entry = this.#pods.get(pod.metadata?.uid ?? "")?.get(instance.id);
    return entry?.workers.get(kind)?.verdict;
  }

  #syncInstance(
    pod: Pod,
    runtime: PodRuntime,
    instance: ContainerState,
    entry: InstanceProbes,
    ending: boolean,
  ): void {
    const { workers, container } = entry;
    if (ending) {
      // What is being ended is neither restarted nor waited for.
      for (const kind of ["startup", "liveness"] as const) {
        workers.get(kind)?.end();
        workers.delete(kind);
      }
      return;
    }
    const started = container.spec.startupProbe === undefined ||
      workers.get("startup")?.verdict === true;
    const kinds: ProbeKind[] = started ? ["startup", "readiness", "liveness"] : ["startup"];
    for (const kind of kinds) {
      const probe = probeOf(container, kind);
      if (probe === undefined || workers.has(kind)) continue;
      workers.set(kind, this.#worker(pod, runtime, instance, container, kind, probe));
    }
    // A startup probe that was known to have passed lets the others begin in the same pass.
    if (!started && workers.get("startup")?.verdict === true) {
      this.#syncInstance(pod, runtime, instance, entry, ending);
    }
  }

  #worker(
    pod: Pod,
    runtime: PodRuntime,
    instance: ContainerState,
    container: PodContainer,
    kind: ProbeKind,
    probe: Probe,
  ): ProbeWorker {
    const { clock, random, events } = this.#options;
    const uid = pod.metadata?.uid ?? "";
    const before = previousStatus(pod, container.name);
    const same = before?.containerID?.endsWith(`://${instance.id}`) === true;
    const initial = kind === "liveness"
      ? true
      : kind === "readiness"
      ? same && before?.ready === true
      : same && before?.started === true
      ? true
      : undefined;
    const due = (instance.startedAt ?? clock.now()) + (probe.initialDelaySeconds ?? 0) * 1000 -
      clock.now();
    const spread = clock.monotonic() - this.#begun < SPREAD_MILLISECONDS && same
      ? random.next() * (probe.periodSeconds ?? 10) * 1000
      : 0;
    const title = kind.charAt(0).toUpperCase() + kind.slice(1);
    return new ProbeWorker({
      kind,
      probe,
      clock,
      initial,
      firstMilliseconds: Math.max(0, due) + spread,
      run: () => this.#run(pod, runtime, instance, container, probe),
      onFailure: (output, errored) => {
        const text = errored
          ? `${title} probe errored and resulted in unknown state: ${output}`
          : `${title} probe failed: ${output}`;
        events.container(pod, container, "Warning", "Unhealthy", text);
      },
      onVerdict: () => this.#options.onChange(uid),
    });
  }

  async #run(
    pod: Pod,
    runtime: PodRuntime,
    instance: ContainerState,
    container: PodContainer,
    probe: Probe,
  ): Promise<ProbeResult> {
    const { runtime: port, hostIPs } = this.#options;
    if (probe.exec !== undefined) {
      const timeout = (probe.timeoutSeconds ?? 1) * 1000;
      const command = probe.exec.command ?? [];
      const { exitCode, output } = await port.execSync(instance.id, command, timeout);
      if (exitCode !== undefined) return { ok: exitCode === 0, output };
      const text = `command timed out: ${JSON.stringify(command.join(" "))} timed out after ` +
        `${probe.timeoutSeconds ?? 1}s`;
      return { ok: false, output: text };
    }
    const sandbox = runtime.sandboxes.find(({ id }) => id === instance.sandboxId);
    const ip = pod.spec?.hostNetwork === true ? hostIPs[0] : sandbox?.ips[0];
    const request = probeRequest(probe, container.spec, instance.sandboxId, ip ?? "");
    if (request === undefined) throw new Error("missing probe handler");
    return await port.probe(request);
  }
}

function probeOf(container: PodContainer, kind: ProbeKind): Probe | undefined {
  switch (kind) {
    case "startup":
      return container.spec.startupProbe;
    case "readiness":
      return container.spec.readinessProbe;
    case "liveness":
      return container.spec.livenessProbe;
  }
}

function hasProbes({ spec }: PodContainer): boolean {
  return spec.startupProbe !== undefined || spec.readinessProbe !== undefined ||
    spec.livenessProbe !== undefined;
}
