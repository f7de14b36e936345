import type { AttachmentRecord } from "./attachment_record.ts";
import type { ClaimRecord } from "./claim_record.ts";
import { GroupIndex } from "./group_index.ts";
import type {
  CapacityRecord,
  ClassRecord,
  CsiNodeRecord,
  DriverRecord,
} from "./storage_records.ts";
import type { VolumeRecord, VolumeReservation } from "./volume_record.ts";
import type { VolumeView } from "./volume_view.ts";

/**
 * Claims, volumes and what belongs to them, with what pods that are on their way were promised: an assumed volume is
 * nobody else's, an assumed claim has its node. A promise lasts until the object shows it, or it is taken back.
 */
export class VolumeCache implements VolumeView {
  readonly #claims = new Map<string, ClaimRecord>();
  readonly #volumes = new Map<string, VolumeRecord>();
  readonly #volumesByClass = new GroupIndex<VolumeRecord>();
  readonly #classes = new Map<string, ClassRecord>();
  readonly #drivers = new Map<string, DriverRecord>();
  readonly #csiNodes = new Map<string, CsiNodeRecord>();
  readonly #capacities = new GroupIndex<CapacityRecord>();
  readonly #attachments = new GroupIndex<AttachmentRecord>();
  /** By the volume's name. */
  readonly #promisedVolumes = new Map<string, VolumeReservation>();
  /** The node, by the claim's key. */
  readonly #promisedNodes = new Map<string, string>();
  readonly #waiters = new Set<() => void>();

  claim(key: string): ClaimRecord | undefined {
    const known = this.#claims.get(key);
    const node = this.#promisedNodes.get(key);
    return known === undefined || node === undefined ? known : { ...known, selectedNode: node };
  }

  volume(name: string): VolumeRecord | undefined {
    const known = this.#volumes.get(name);
    return known === undefined ? undefined : this.#assumed(known);
  }

  /** As the API server has it, without what is promised. */
  claimAsWritten(key: string): ClaimRecord | undefined {
    return this.#claims.get(key);
  }

  /** As the API server has it, without what is promised. */
  volumeAsWritten(name: string): VolumeRecord | undefined {
    return this.#volumes.get(name);
  }

  *volumesOf(className: string): Iterable<VolumeRecord> {
    for (const volume of this.#volumesByClass.of(className)) yield this.#assumed(volume);
  }

  storageClass(name: string): ClassRecord | undefined {
    return this.#classes.get(name);
  }

  driver(name: string): DriverRecord | undefined {
    return this.#drivers.get(name);
  }

  csiNode(name: string): CsiNodeRecord | undefined {
    return this.#csiNodes.get(name);
  }

  capacitiesOf(className: string): Iterable<CapacityRecord> {
    return this.#capacities.of(className);
  }

  /** The driver's unique names of what the API's attachments say is on a node. */
  *attachedTo(node: string): Iterable<string> {
    for (const { volumeName } of this.#attachments.of(node)) {
      const attachment = this.#volumes.get(volumeName)?.attachment;
      if (attachment !== undefined) yield `${attachment.driver}/${attachment.handle}`;
    }
  }

  promiseVolume(name: string, reservation: VolumeReservation): void {
    this.#promisedVolumes.set(name, reservation);
  }

  promiseNode(claim: string, node: string): void {
    this.#promisedNodes.set(claim, node);
  }

  /** Takes back what was promised to one claim alone. */
  withdrawVolume(name: string, uid: string): void {
    if (this.#promisedVolumes.get(name)?.uid === uid) this.#promisedVolumes.delete(name);
  }

  withdrawNode(claim: string, node: string): void {
    if (this.#promisedNodes.get(claim) === node) this.#promisedNodes.delete(claim);
  }

  putClaim(key: string, claim: ClaimRecord | undefined): void {
    put(this.#claims, key, claim);
    const promised = this.#promisedNodes.get(key);
    if (promised !== undefined && (claim === undefined || claim.selectedNode === promised)) {
      this.#promisedNodes.delete(key);
    }
    this.#wake();
  }

  putVolume(name: string, volume: VolumeRecord | undefined): void {
    put(this.#volumes, name, volume);
    this.#volumesByClass.put(name, volume?.className, volume);
    if (volume === undefined || (volume.reservedFor?.uid ?? "") !== "") {
      this.#promisedVolumes.delete(name);
    }
    this.#wake();
  }

  putClass(name: string, storageClass: ClassRecord | undefined): void {
    put(this.#classes, name, storageClass);
  }

  putDriver(name: string, driver: DriverRecord | undefined): void {
    put(this.#drivers, name, driver);
  }

  putCsiNode(name: string, node: CsiNodeRecord | undefined): void {
    put(this.#csiNodes, name, node);
  }

  putCapacity(key: string, capacity: CapacityRecord | undefined): void {
    this.#capacities.put(key, capacity?.className, capacity);
  }

  putAttachment(name: string, attachment: AttachmentRecord | undefined): void {
    this.#attachments.put(name, attachment?.node, attachment);
  }

  /** Calls back after each change of a claim or a volume, until it is told to stop. */
  onChange(callback: () => void): () => void {
    this.#waiters.add(callback);
    return () => this.#waiters.delete(callback);
  }

  #assumed(volume: VolumeRecord): VolumeRecord {
    const reservedFor = this.#promisedVolumes.get(volume.name);
    return reservedFor === undefined ? volume : { ...volume, reservedFor };
  }

  #wake(): void {
    for (const callback of [...this.#waiters]) callback();
  }
}

function put<V>(map: Map<string, V>, key: string, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
