import {
  type LabelMatcher,
  labelSelectorMatcher,
  MATCH_EVERYTHING,
  type PersistentVolumeClaim,
  QUANTITY_ZERO,
  tryParseQuantity,
} from "../../api/mod.ts";
import { isController } from "./ownership.ts";

export const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
export const BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller";
export const SELECTED_NODE = "volume.kubernetes.io/selected-node";
const OLD_CLASS = "volume.beta.kubernetes.io/storage-class";

/** What the scheduler keeps of a claim. */
export interface ClaimRecord {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly deleting: boolean;
  /** Its volume's driver or an administrator took the volume away. */
  readonly lost: boolean;
  /** Empty while no volume is named. */
  readonly volumeName: string;
  /** A volume is named and the binder has seen both sides to it. */
  readonly bound: boolean;
  /** Empty for none. */
  readonly className: string;
  /** The node that a provisioner was asked to make the volume for. */
  readonly selectedNode: string | undefined;
  readonly accessModes: readonly string[];
  /** Bytes asked for, in billionths. */
  readonly request: bigint;
  readonly volumeMode: string;
  readonly attributesClass: string;
  readonly selector: LabelMatcher;
  /** uid of the pod that owns it as a controller does; empty where none. */
  readonly ownerPod: string;
}

/** The class that a claim or a volume names; empty for none. */
export function classNameOf(
  annotations: Readonly<Record<string, string>> | undefined,
  named: string | undefined,
): string {
  return annotations?.[OLD_CLASS] ?? named ?? "";
}

export function claimRecord(claim: PersistentVolumeClaim): ClaimRecord {
  const { name = "", namespace = "", uid = "", resourceVersion = "", annotations } =
    claim.metadata ?? {};
  const spec = claim.spec ?? {};
  const volumeName = spec.volumeName ?? "";
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    uid,
    resourceVersion,
    deleting: claim.metadata?.deletionTimestamp !== undefined,
    lost: claim.status?.phase === "Lost",
    volumeName,
    bound: volumeName !== "" && annotations?.[BIND_COMPLETED] !== undefined,
    className: classNameOf(annotations, spec.storageClassName),
    selectedNode: annotations?.[SELECTED_NODE],
    accessModes: spec.accessModes ?? [],
    request: (tryParseQuantity(spec.resources?.requests?.["storage"] ?? "0") ?? QUANTITY_ZERO).nano,
    volumeMode: spec.volumeMode ?? "Filesystem",
    attributesClass: spec.volumeAttributesClassName ?? "",
    // A claim without a selector takes any volume, where a selector elsewhere would take none.
    selector: spec.selector === undefined ? MATCH_EVERYTHING : labelSelectorMatcher(spec.selector),
    ownerPod: claim.metadata?.ownerReferences?.find(isController)?.uid ?? "",
  };
}
