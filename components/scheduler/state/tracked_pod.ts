import type { Pod } from "../../api/mod.ts";
import { withoutManagedFields } from "../../reconcile/mod.ts";
import { podRequest } from "../pod_request.ts";
import type { HostPort, KnownPod } from "../queue/mod.ts";
import { type PodVolumes, podVolumes } from "../volumes/mod.ts";
import { SharedValues } from "./shared_values.ts";

/** What the scheduler keeps of a pod: the whole of one that has no node, of others what wakes those that wait. */
export interface TrackedPod extends KnownPod {
  readonly key: string;
  readonly name: string;
  readonly uid: string;
  /** The number by which the core knows it. */
  readonly handle: number;
  readonly priority: number;
  readonly schedulerName: string;
  readonly nominatedNode: string;
  /** It ends since a pod of higher priority needs its room. */
  readonly preempted: boolean;
  /** What of it the core reads: the same text, the same pod to the core. */
  readonly signature: string;
  readonly volumes?: PodVolumes;
  /** The pod, where it has no node; without `managedFields`. */
  readonly pod?: Pod;
}

type Template = Pick<KnownPod, "labels" | "requests" | "hostPorts" | "keepsAway"> & {
  readonly volumes?: PodVolumes;
};

/** The object of a pod, as far as it is kept. Pure. */
export function podObject(tracked: TrackedPod): Pod {
  const { labels, name, namespace, node, priority, schedulerName, uid } = tracked;
  return tracked.pod ?? {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, uid, labels: { ...labels } },
    spec: { containers: [], nodeName: node, priority, schedulerName },
  };
}

/** Makes projections of pods; one handle a uid, and what pods of one template have in common once. */
export class PodTracker {
  readonly #handles = new Map<string, { readonly handle: number; template: string }>();
  readonly #uids = new Map<number, string>();
  readonly #templates = new SharedValues<Template>();
  #next = 1;

  of(pod: Pod): TrackedPod {
    const { name = "", namespace = "", uid = "", deletionTimestamp } = pod.metadata ?? {};
    const { spec = {}, status = {} } = pod;
    const node = spec.nodeName ?? "";
    const template = JSON.stringify([
      namespace,
      pod.metadata?.labels ?? {},
      spec.containers?.map(needs),
      spec.initContainers?.map(needs),
      spec.resources,
      spec.overhead,
      spec.affinity?.podAntiAffinity,
      spec.volumes?.filter(mattersToOthers),
    ]);
    const known = this.#known(uid, template);
    const resized = (status.containerStatuses ?? []).map(({ allocatedResources, resources }) =>
      allocatedResources === undefined && resources === undefined
        ? 0
        : [allocatedResources, resources]
    );
    return {
      ...this.#templates.hold(template, () => templateOf(pod)),
      key: `${namespace}/${name}`,
      namespace,
      name,
      uid,
      handle: known.handle,
      priority: spec.priority ?? 0,
      node,
      schedulerName: spec.schedulerName ?? "default-scheduler",
      terminating: deletionTimestamp !== undefined,
      nominatedNode: status.nominatedNodeName ?? "",
      preempted: deletionTimestamp !== undefined &&
        (status.conditions ?? []).some(({ reason, status, type }) =>
          type === "DisruptionTarget" && status === "True" && reason === "PreemptionByScheduler"
        ),
      signature: `${pod.metadata?.generation}|${deletionTimestamp}|${
        resized.every((one) => one === 0) ? "" : JSON.stringify(resized)
      }|${status.startTime}|${node}`,
      ...(node === "" ? { pod: withoutManagedFields(pod) } : {}),
    };
  }

  handleOf(uid: string): number | undefined {
    return this.#handles.get(uid)?.handle;
  }

  /** Who a handle is. */
  uidOf(handle: number): string | undefined {
    return this.#uids.get(handle);
  }

  forget(uid: string): void {
    const known = this.#handles.get(uid);
    if (known === undefined) return;
    this.#handles.delete(uid);
    this.#uids.delete(known.handle);
    this.#templates.release(known.template);
  }

  /** A projection is held once a uid: what it held before is let go. */
  #known(uid: string, template: string): { readonly handle: number } {
    const known = this.#handles.get(uid);
    if (known !== undefined) {
      this.#templates.release(known.template);
      known.template = template;
      return known;
    }
    const fresh = { handle: this.#next++, template };
    this.#handles.set(uid, fresh);
    this.#uids.set(fresh.handle, uid);
    return fresh;
  }
}

type Container = NonNullable<NonNullable<Pod["spec"]>["containers"]>[number];
type Volume = NonNullable<NonNullable<Pod["spec"]>["volumes"]>[number];

function needs({ ports, resources, restartPolicy }: Container) {
  const hostPorts = ports?.filter(({ hostPort }) => hostPort !== undefined && hostPort !== 0);
  return [resources?.requests, restartPolicy, hostPorts?.length ? hostPorts : 0];
}

/** Not what every pod has: maps, secrets, tokens and empty folders. */
function mattersToOthers(volume: Volume): boolean {
  return volume.projected === undefined && volume.configMap === undefined &&
    volume.secret === undefined && volume.emptyDir === undefined &&
    volume.downwardAPI === undefined && volume.hostPath === undefined;
}

function templateOf(pod: Pod): Template {
  const containers = [
    ...pod.spec?.containers ?? [],
    ...(pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always"),
  ];
  const hostPorts: HostPort[] = containers.flatMap(({ ports }) => ports ?? [])
    .filter(({ hostPort }) => hostPort !== undefined && hostPort !== 0)
    .map(({ hostIP = "", hostPort = 0, protocol = "TCP" }) => ({
      ip: hostIP,
      protocol,
      port: hostPort,
    }));
  const keepsAway =
    (pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [])
      .length > 0;
  const volumes = podVolumes(pod);
  return {
    labels: pod.metadata?.labels ?? {},
    requests: podRequest(pod).requests,
    ...(hostPorts.length === 0 ? {} : { hostPorts }),
    ...(keepsAway ? { keepsAway } : {}),
    ...(volumes === undefined ? {} : { volumes }),
  };
}
