import { equalJson, hasReason, timestamp } from "../../base/mod.ts";
import {
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  STORAGE_CLASSES,
  type StorageClass,
} from "../../api/mod.ts";
import {
  type ControlLoop,
  type EventRecorder,
  type Informer,
  objectKey,
} from "../../reconcile/mod.ts";
import { type Controller, type ControllerContext, recorderOf, runLoop } from "../controller.ts";
import { defaultClass, namesNoClass } from "./default_class.ts";
import { classOf, findVolume, isReservedFor } from "./match.ts";
import { VolumeIndex } from "./volume_index.ts";

const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
const BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller";
const SELECTED_NODE = "volume.kubernetes.io/selected-node";
const PROVISIONERS = [
  "volume.beta.kubernetes.io/storage-provisioner",
  "volume.kubernetes.io/storage-provisioner",
] as const;
const NO_PROVISIONER = "kubernetes.io/no-provisioner";
const RETRY_MILLISECONDS = 15_000;

/** Brings claims and volumes together, and says what becomes of volumes whose claim is gone. */
export const volumeBinderController: Controller = {
  name: "persistentvolume-binder-controller",
  aliases: ["persistentvolume-binder"],
  start: (context) => new VolumeBinder(context).start(),
};

class VolumeBinder {
  readonly #context: ControllerContext;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #volumes: Informer<PersistentVolume>;
  readonly #classes: Informer<StorageClass>;
  readonly #pods: Informer<Pod>;
  readonly #index = new VolumeIndex();
  readonly #events: EventRecorder;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#claims = context.informers.of(PERSISTENT_VOLUME_CLAIMS);
    this.#volumes = context.informers.of(PERSISTENT_VOLUMES);
    this.#classes = context.informers.of(STORAGE_CLASSES);
    this.#pods = context.informers.pods();
    this.#events = recorderOf(context, "persistentvolume-controller");
  }

  start(): ControlLoop {
    // One worker for both: two claims must not choose one volume. Keys with a slash are claims.
    const loop = runLoop(this.#context, {
      name: "volume-binder",
      needs: [this.#claims, this.#volumes, this.#classes, this.#pods],
      reconcile: (key) => key.includes("/") ? this.#syncClaim(key) : this.#syncVolume(key),
    });
    this.#pods.onChange(({ key, current, previous }) => {
      if ((current ?? previous)?.spec?.volumes !== undefined) {
        this.#index.putPod(key, current, previous);
      }
    });
    this.#claims.onChange(({ key, current, previous }) => {
      this.#index.putClaim(key, current);
      if (current !== undefined) loop.queue.add(key);
      const volume = (current ?? previous)?.spec?.volumeName ?? "";
      if (volume !== "") loop.queue.add(volume);
    });
    this.#volumes.onChange(({ key, current, previous }) => {
      this.#index.putVolume(key, current);
      if (current !== undefined) loop.queue.add(key);
      const reference = (current ?? previous)?.spec?.claimRef;
      if (reference !== undefined) loop.queue.add(`${reference.namespace}/${reference.name}`);
      else if (current?.status?.phase === "Available") this.#wake(loop, classOf(current));
    });
    this.#classes.onChange(({ key }) => {
      this.#wake(loop, key);
      // Claims without a class may have one now.
      this.#wake(loop, "");
    });
    return loop;
  }

  #wake(loop: ControlLoop, className: string): void {
    for (const claim of this.#index.pendingOf(className)) loop.queue.add(claim);
  }

  *#volumesFor(names: Iterable<string>): Iterable<PersistentVolume> {
    for (const name of names) {
      const volume = this.#volumes.get(name);
      if (volume !== undefined) yield volume;
    }
  }

  async #syncClaim(key: string): Promise<number | void> {
    const claim = this.#claims.get(key);
    if (claim === undefined || claim.metadata?.deletionTimestamp !== undefined) return;
    const name = claim.spec?.volumeName ?? "";
    if (name === "") return await this.#bindNew(claim);
    const volume = this.#volumes.get(name);
    const isBound = claim.metadata?.annotations?.[BIND_COMPLETED] !== undefined;
    if (volume === undefined) {
      if (!isBound) return await this.#setPhase(claim, "Pending");
      return await this.#lose(
        claim,
        "Bound claim has lost its PersistentVolume. Data on the volume is lost!",
      );
    }
    if (volume.spec?.claimRef === undefined || isReservedFor(volume, claim)) {
      return await this.#bind(claim, volume);
    }
    if (!isBound) return await this.#setPhase(claim, "Pending");
    const why = "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!";
    await this.#lose(claim, why);
  }

  async #bindNew(claim: PersistentVolumeClaim): Promise<number | void> {
    const className = namesNoClass(claim) ? defaultClass(this.#classes.list()) : undefined;
    if (className !== undefined) return await this.#setClass(claim, className);
    const key = objectKey(claim);
    const storageClass = this.#classes.get(classOf(claim));
    const waits = storageClass?.volumeBindingMode === "WaitForFirstConsumer" &&
      claim.metadata?.annotations?.[SELECTED_NODE] === undefined;
    const kept = [...this.#volumesFor(this.#index.reservedFor(key))]
      .filter((volume) => isReservedFor(volume, claim));
    const volume = waits
      ? kept[0]
      : findVolume(claim, [...kept, ...this.#volumesFor(this.#index.freeOf(classOf(claim)))]);
    if (volume !== undefined) return await this.#bind(claim, volume);
    await this.#setPhase(claim, "Pending");
    if (waits) return this.#tellWhoIsAwaited(claim, this.#index.podsWaitingFor(key));
    const provisioner = storageClass?.provisioner;
    if (provisioner !== undefined && provisioner !== NO_PROVISIONER) {
      return await this.#awaitProvisioner(claim, provisioner);
    }
    const wanted = classOf(claim);
    if (wanted !== "") {
      const why = storageClass === undefined
        ? `storageclass.storage.k8s.io "${wanted}" not found`
        : `no volume plugin matched name: ${NO_PROVISIONER}`;
      this.#events.warning(claim, "ProvisioningFailed", why);
    } else {
      const why = "no persistent volumes available for this claim and no storage class is set";
      this.#events.normal(claim, "FailedBinding", why);
    }
  }

  #tellWhoIsAwaited(claim: PersistentVolumeClaim, pods: readonly string[]): void {
    if (pods.length === 0) {
      const why = "waiting for first consumer to be created before binding";
      this.#events.normal(claim, "WaitForFirstConsumer", why);
      return;
    }
    const noun = pods.length === 1 ? "pod" : "pods";
    const why = `waiting for ${noun} ${pods.join(",")} to be scheduled`;
    this.#events.normal(claim, "WaitForPodScheduled", why);
  }

  /** A claim that names no class has the default one as soon as there is one. */
  async #setClass(claim: PersistentVolumeClaim, storageClassName: string): Promise<void> {
    const { name = "", namespace = "", resourceVersion } = claim.metadata ?? {};
    await this.#context.client.patch(PERSISTENT_VOLUME_CLAIMS, name, {
      metadata: { resourceVersion },
      spec: { storageClassName },
    }, { type: "merge", namespace });
  }

  async #awaitProvisioner(claim: PersistentVolumeClaim, provisioner: string): Promise<number> {
    const { name = "", namespace = "", resourceVersion, annotations } = claim.metadata ?? {};
    if (PROVISIONERS.some((key) => annotations?.[key] !== provisioner)) {
      const next = Object.fromEntries(PROVISIONERS.map((key) => [key, provisioner]));
      await this.#context.client.patch(PERSISTENT_VOLUME_CLAIMS, name, {
        metadata: { resourceVersion, annotations: next },
      }, { type: "merge", namespace });
    }
    const why =
      `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
    this.#events.normal(claim, "ExternalProvisioning", why);
    return RETRY_MILLISECONDS;
  }

  /** First the volume names the claim, then the claim the volume: whatever is cut off in between is taken up again. */
  async #bind(claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<void> {
    const { client } = this.#context;
    const { name = "", namespace = "", uid = "" } = claim.metadata ?? {};
    let held = volume;
    if ((volume.spec?.claimRef?.uid ?? "") !== uid) {
      const claimRef = {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        name,
        namespace,
        uid,
        ...(claim.metadata?.resourceVersion === undefined
          ? {}
          : { resourceVersion: claim.metadata.resourceVersion }),
      };
      const annotations = { ...volume.metadata?.annotations };
      if (volume.spec?.claimRef === undefined) annotations[BOUND_BY_CONTROLLER] = "yes";
      held = await client.update(PERSISTENT_VOLUMES, {
        ...volume,
        metadata: { ...volume.metadata, annotations },
        spec: { ...volume.spec, claimRef },
      });
    }
    await this.#setVolumePhase(held, "Bound");
    let bound = claim;
    const annotations = claim.metadata?.annotations ?? {};
    const volumeName = volume.metadata?.name ?? "";
    if (claim.spec?.volumeName !== volumeName || annotations[BIND_COMPLETED] === undefined) {
      const isOurs = (claim.spec?.volumeName ?? "") === "";
      bound = await client.update(PERSISTENT_VOLUME_CLAIMS, {
        ...claim,
        metadata: {
          ...claim.metadata,
          annotations: {
            ...annotations,
            [BIND_COMPLETED]: "yes",
            ...(isOurs ? { [BOUND_BY_CONTROLLER]: "yes" } : {}),
          },
        },
        spec: { ...claim.spec, volumeName },
      });
    }
    await this.#setPhase(bound, "Bound", volume);
  }

  async #setPhase(
    claim: PersistentVolumeClaim,
    phase: "Pending" | "Bound" | "Lost",
    volume?: PersistentVolume,
  ): Promise<void> {
    const known = claim.status ?? {};
    const { accessModes: _a, capacity: _c, ...others } = known;
    const status = {
      ...others,
      phase,
      ...(volume?.spec?.accessModes === undefined ? {} : { accessModes: volume.spec.accessModes }),
      // A claim that is bound is resized by others.
      ...(volume?.spec?.capacity === undefined ? {} : {
        capacity: known.phase === "Bound" && known.capacity ? known.capacity : volume.spec.capacity,
      }),
    };
    if (equalJson(known, status)) return;
    await this.#context.client.update(PERSISTENT_VOLUME_CLAIMS, { ...claim, status }, {
      subresource: "status",
    });
  }

  async #lose(claim: PersistentVolumeClaim, message: string): Promise<void> {
    if (claim.status?.phase === "Lost") return;
    await this.#setPhase(claim, "Lost");
    this.#events.warning(claim, "ClaimLost", message);
  }

  async #syncVolume(name: string): Promise<void> {
    const volume = this.#volumes.get(name);
    if (volume === undefined) return;
    const reference = volume.spec?.claimRef;
    if (reference === undefined || (reference.uid ?? "") === "") {
      return await this.#setVolumePhase(volume, "Available");
    }
    const { name: claimName = "", namespace = "", uid } = reference;
    let claim = this.#claims.get(`${namespace}/${claimName}`);
    if (claim?.metadata?.uid !== uid) {
      claim = await this.#context.client.find(PERSISTENT_VOLUME_CLAIMS, claimName, namespace);
    }
    if (claim?.metadata?.uid === uid) {
      if (claim?.spec?.volumeName === name) await this.#setVolumePhase(volume, "Bound");
      else if ((claim?.spec?.volumeName ?? "") !== "") await this.#unbind(volume);
      return;
    }
    if (volume.status?.phase === "Failed") return;
    const policy = volume.spec?.persistentVolumeReclaimPolicy ?? "Retain";
    // What a driver made, the driver takes away when it sees it released.
    const isForeign =
      volume.metadata?.annotations?.["pv.kubernetes.io/provisioned-by"] !== undefined ||
      volume.spec?.csi !== undefined;
    if (policy === "Retain" || isForeign) return await this.#setVolumePhase(volume, "Released");
    const [reason, message] = policy === "Delete"
      ? [
        "VolumeFailedDelete",
        `error getting deleter volume plugin for volume "${name}": no volume plugin matched`,
      ]
      : ["VolumeFailedRecycle", "No recycler plugin found for the volume!"];
    await this.#setVolumePhase(volume, "Failed", reason, message);
    this.#events.warning(volume, reason, message);
  }

  /** The claim has gone to another volume: this one is free again, or still kept for the claim's name. */
  async #unbind(volume: PersistentVolume): Promise<void> {
    const { [BOUND_BY_CONTROLLER]: ours, ...annotations } = volume.metadata?.annotations ?? {};
    const { claimRef, ...spec } = volume.spec ?? {};
    const { uid: _u, resourceVersion: _r, ...kept } = claimRef ?? {};
    await this.#context.client.update(PERSISTENT_VOLUMES, {
      ...volume,
      metadata: { ...volume.metadata, annotations },
      spec: ours === undefined ? { ...spec, claimRef: kept } : spec,
    });
  }

  async #setVolumePhase(
    volume: PersistentVolume,
    phase: "Available" | "Bound" | "Released" | "Failed",
    reason?: string,
    message?: string,
  ): Promise<void> {
    if (volume.status?.phase === phase) return;
    const status = {
      phase,
      lastPhaseTransitionTime: timestamp(this.#context.clock.now()),
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
    };
    try {
      await this.#context.client.update(PERSISTENT_VOLUMES, { ...volume, status }, {
        subresource: "status",
      });
    } catch (error) {
      if (!hasReason(error, "NotFound")) throw error;
    }
  }
}
