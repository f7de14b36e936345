import type { PersistentVolume, PersistentVolumeClaim, Pod } from "../../api/served.ts";
import type { ObjectReader } from "../ports.ts";
import { isMirrorPod, podReferences } from "./pod_references.ts";

/** What a node's pods lead to. */
export type NodeObject =
  | "pod"
  | "secret"
  | "configmap"
  | "claim"
  | "resourceclaim"
  | "serviceaccount";

/**
 * Which objects each node needs for the pods that are bound to it. Counts instead of sets: an object is forgotten
 * with the last pod that names it.
 */
export class NodeGraph {
  readonly #reader: ObjectReader;
  readonly #counts = new Map<string, Map<string, number>>();
  #end: (() => void) | undefined;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  /** True when a pod on the node names the object. */
  reaches(node: string, kind: NodeObject, namespace: string, name: string): boolean {
    this.#follow();
    return this.#counts.get(node)?.has(`${kind} ${namespace}/${name}`) ?? false;
  }

  /** True when a pod on the node uses a claim that is bound to the volume. */
  reachesVolume(node: string, name: string): boolean {
    const volume = this.#reader.get<PersistentVolume>("", "persistentvolumes", "", name);
    const claim = volume?.spec?.claimRef;
    return claim !== undefined &&
      this.reaches(node, "claim", claim.namespace ?? "", claim.name ?? "");
  }

  /** True when a volume behind a claim of the node's pods names the secret. */
  reachesSecretByVolume(node: string, namespace: string, name: string): boolean {
    this.#follow();
    for (const key of this.#counts.get(node)?.keys() ?? []) {
      if (!key.startsWith("claim ")) continue;
      const [claimNamespace = "", claimName = ""] = key.slice("claim ".length).split("/");
      const claim = this.#reader.get<PersistentVolumeClaim>(
        "",
        "persistentvolumeclaims",
        claimNamespace,
        claimName,
      );
      const volumeName = claim?.spec?.volumeName ?? "";
      if (volumeName === "") continue;
      const volume = this.#reader.get<PersistentVolume>("", "persistentvolumes", "", volumeName);
      if (volume !== undefined && namesSecret(volume, claimNamespace, namespace, name)) return true;
    }
    return false;
  }

  close(): void {
    this.#end?.();
  }

  /** The graph costs a pass over all pods, so it is built for the first node that asks. */
  #follow(): void {
    if (this.#end !== undefined) return;
    this.#end = this.#reader.onChange("", "pods", ({ current, previous }) => {
      if (previous !== undefined) this.#count(previous, -1);
      if (current !== undefined) this.#count(current, 1);
    });
    for (const pod of this.#reader.list<Pod>("", "pods")) this.#count(pod, 1);
  }

  #count(pod: Pod, by: 1 | -1): void {
    const node = pod.spec?.nodeName ?? "";
    if (node === "") return;
    let counts = this.#counts.get(node);
    if (counts === undefined) this.#counts.set(node, counts = new Map());
    for (const key of keysOf(pod)) {
      const count = (counts.get(key) ?? 0) + by;
      if (count > 0) counts.set(key, count);
      else counts.delete(key);
    }
    if (counts.size === 0) this.#counts.delete(node);
  }
}

/** A mirror pod leads to nothing but itself: a node could write any it likes. */
function keysOf(pod: Pod): string[] {
  const namespace = pod.metadata?.namespace ?? "";
  const keys = [`pod ${namespace}/${pod.metadata?.name}`];
  if (isMirrorPod(pod)) return keys;
  const add = (kind: NodeObject, names: Iterable<string>) => {
    for (const name of names) keys.push(`${kind} ${namespace}/${name}`);
  };
  const references = podReferences(pod);
  add("secret", references.secrets);
  add("configmap", references.configMaps);
  add("claim", references.claims);
  add("resourceclaim", references.resourceClaims);
  const account = pod.spec?.serviceAccountName ?? "";
  if (account !== "") add("serviceaccount", [account]);
  return keys;
}

/** Secret references of volume sources; one without namespace means that of the claim. */
function namesSecret(
  { spec }: PersistentVolume,
  claimNamespace: string,
  namespace: string,
  name: string,
): boolean {
  if (spec === undefined) return false;
  const references = [
    spec.csi?.nodePublishSecretRef,
    spec.csi?.nodeStageSecretRef,
    spec.csi?.nodeExpandSecretRef,
    spec.cephfs?.secretRef,
    spec.cinder?.secretRef,
    spec.flexVolume?.secretRef,
    spec.iscsi?.secretRef,
    spec.rbd?.secretRef,
    spec.scaleIO?.secretRef,
    spec.storageos?.secretRef,
    spec.azureFile === undefined ? undefined : {
      name: spec.azureFile.secretName,
      namespace: spec.azureFile.secretNamespace,
    },
  ];
  return references.some((reference) =>
    reference?.name === name && (reference.namespace || claimNamespace) === namespace
  );
}
