import type { NodeSelectorTerm } from "../../api/mod.ts";
import type { ClaimRecord } from "./claim_record.ts";
import type {
  CapacityRecord,
  ClassRecord,
  CsiNodeRecord,
  DriverRecord,
} from "./storage_records.ts";
import type { VolumeRecord } from "./volume_record.ts";

/** Claims, volumes and what belongs to them, as the scheduler knows and assumes them at one moment. */
export interface VolumeView {
  /** By `namespace/name`. */
  claim(key: string): ClaimRecord | undefined;
  volume(name: string): VolumeRecord | undefined;
  /** All volumes of a class, whoever they belong to; in no order. */
  volumesOf(className: string): Iterable<VolumeRecord>;
  storageClass(name: string): ClassRecord | undefined;
  driver(name: string): DriverRecord | undefined;
  csiNode(name: string): CsiNodeRecord | undefined;
  /** What drivers say of their room for volumes of a class; in no order. */
  capacitiesOf(className: string): Iterable<CapacityRecord>;
}

/** Which nodes match. */
export interface NodeTerms {
  /** Names of the nodes that match at least one term. The set is shared: never change it. */
  matching(terms: readonly NodeSelectorTerm[]): ReadonlySet<string>;
}
