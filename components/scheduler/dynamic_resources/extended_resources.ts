import {
  type Container,
  type ContainerExtendedResourceRequest,
  type DeviceClass,
  type DeviceRequest,
  type Pod,
  PODS,
  quantityValue,
  type ResourceClaim,
} from "../../api/mod.ts";

/** On the claim of a pod's extended resources. */
export const EXTENDED_CLAIM = "resource.kubernetes.io/extended-resource-claim";
/** Every class serves the resource of this prefix and its name. */
const IMPLICIT = "deviceclass.resource.kubernetes.io/";

/** Which class serves an extended resource. Bounded by the classes of the cluster. */
export class ExtendedResources {
  /** By the resource, by the class's name. */
  readonly #classes = new Map<string, Map<string, DeviceClass>>();
  readonly #resourceOf = new Map<string, string>();

  put(name: string, deviceClass: DeviceClass | undefined): void {
    const before = this.#resourceOf.get(name);
    if (before !== undefined) {
      const classes = this.#classes.get(before);
      classes?.delete(name);
      if (classes?.size === 0) this.#classes.delete(before);
      this.#resourceOf.delete(name);
    }
    if (deviceClass === undefined) return;
    const resource = deviceClass.spec?.extendedResourceName ?? "";
    if (resource === "") return;
    this.#resourceOf.set(name, resource);
    const classes = this.#classes.get(resource);
    if (classes === undefined) this.#classes.set(resource, new Map([[name, deviceClass]]));
    else classes.set(name, deviceClass);
  }

  /** The class's name; of several the newest, by name where they are as old. `isClass` knows all classes. */
  classOf(resource: string, isClass: (name: string) => boolean): string | undefined {
    if (resource.startsWith(IMPLICIT)) {
      const name = resource.slice(IMPLICIT.length);
      return isClass(name) ? name : undefined;
    }
    const classes = this.#classes.get(resource);
    if (classes === undefined) return undefined;
    const created = (name: string) => classes.get(name)?.metadata?.creationTimestamp ?? "";
    return [...classes.keys()].sort((a, b) => {
      const [older, newer] = [created(a), created(b)];
      return older !== newer ? (older > newer ? -1 : 1) : a < b ? -1 : 1;
    })[0];
  }
}

/** The extended resources that containers of a pod ask for and that a class serves, each with its class's name. */
export function servedResources(
  pod: Pod,
  classOf: (resource: string) => string | undefined,
): ReadonlyMap<string, string> {
  let served: Map<string, string> | undefined;
  for (const containers of [pod.spec?.initContainers, pod.spec?.containers]) {
    for (const { resources } of containers ?? []) {
      for (const resource in resources?.requests) {
        // What Kubernetes itself knows has no domain.
        if (!resource.includes("/") || served?.has(resource) === true) continue;
        const name = classOf(resource);
        if (name !== undefined) (served ??= new Map()).set(resource, name);
      }
    }
  }
  return served ?? NONE;
}

const NONE: ReadonlyMap<string, string> = new Map();

/** What one claim asks for in the place of a pod's extended resources, and which container gets what of it. */
export interface ExtendedRequests {
  readonly requests: readonly DeviceRequest[];
  readonly mappings: readonly ContainerExtendedResourceRequest[];
}

interface Pooled {
  readonly name: string;
  readonly count: number;
}

/** One request a container and resource. What an init container has had serves those that run after it. */
export function extendedRequests(
  pod: Pod,
  served: ReadonlyMap<string, string>,
): ExtendedRequests {
  const requests: DeviceRequest[] = [];
  const mappings: ContainerExtendedResourceRequest[] = [];
  const inits = pod.spec?.initContainers ?? [];
  const containers = [...inits, ...pod.spec?.containers ?? []];
  for (const [resource, deviceClassName] of served) {
    /** Requests whose init containers have ended. */
    let free: Pooled[] = [];
    for (const [i, container] of containers.entries()) {
      let missing = quantityValue(container.resources?.requests?.[resource] ?? "0");
      if (missing <= 0) continue;
      const map = (requestName: string) =>
        mappings.push({
          containerName: container.name ?? "",
          resourceName: resource,
          requestName,
        });
      const isInit = i < inits.length;
      const keeps = !isInit || container.restartPolicy === "Always";
      const kept: Pooled[] = [];
      for (const one of free) {
        if (missing > 0) {
          missing -= one.count;
          map(one.name);
          if (keeps) continue;
        }
        kept.push(one);
      }
      free = kept;
      if (missing <= 0) continue;
      const name = `container-${i}-request-${placeOf(container, resource)}`;
      requests.push({
        name,
        exactly: { deviceClassName, allocationMode: "ExactCount", count: missing },
      });
      map(name);
      if (!keeps) free.push({ name, count: missing });
    }
  }
  return { requests, mappings };
}

/** A resource's place among all that a container asks for, by name. */
function placeOf({ resources }: Container, resource: string): number {
  return Object.keys(resources?.requests ?? {}).sort().indexOf(resource);
}

/** The claim as it is made when the pod has its node. */
export function extendedClaim(pod: Pod, { requests }: ExtendedRequests): ResourceClaim {
  const { name = "", namespace = "", uid = "" } = pod.metadata ?? {};
  return {
    apiVersion: "resource.k8s.io/v1",
    kind: "ResourceClaim",
    metadata: {
      generateName: `${name}-extended-resources-`,
      namespace,
      annotations: { [EXTENDED_CLAIM]: "true" },
      ownerReferences: [{
        apiVersion: PODS.version,
        kind: PODS.kind,
        name,
        uid,
        controller: true,
        blockOwnerDeletion: true,
      }],
    },
    spec: { devices: { requests: [...requests] } },
  };
}
