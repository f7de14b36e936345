import type { ClaimRecord } from "./claim_record.ts";
import { isEverywhere } from "./storage_records.ts";
import type { NodeTerms, VolumeView } from "./volume_view.ts";

const NO_PROVISIONER = "kubernetes.io/no-provisioner";

/** Where a provisioner can make a claim's volume. */
export class Provisioning {
  readonly #possible: boolean;
  /** Undefined for every node. */
  readonly #allowed: ReadonlySet<string> | undefined;
  /** Sets of nodes with room; undefined where nobody counts the room. */
  readonly #roomy: readonly (ReadonlySet<string> | "everywhere")[] | undefined;

  constructor(
    claim: ClaimRecord,
    view: Pick<VolumeView, "storageClass" | "driver" | "capacitiesOf">,
    nodes: NodeTerms,
  ) {
    const storageClass = view.storageClass(claim.className);
    const provisioner = storageClass?.provisioner ?? "";
    this.#possible = provisioner !== "" && provisioner !== NO_PROVISIONER;
    const allowed = storageClass?.allowed;
    this.#allowed = allowed === undefined ? undefined : nodes.matching(allowed);
    if (view.driver(provisioner)?.storageCapacity !== true) return;
    const roomy: (ReadonlySet<string> | "everywhere")[] = [];
    for (const capacity of view.capacitiesOf(claim.className)) {
      if (capacity.largest === undefined || capacity.largest < claim.request) continue;
      if (isEverywhere(capacity)) roomy.push("everywhere");
      else if (capacity.nodes !== undefined) roomy.push(nodes.matching(capacity.nodes));
    }
    this.#roomy = roomy;
  }

  /** Whether the volume can be made for a node: `full` where all that is missing is room. */
  on(node: string): "possible" | "impossible" | "full" {
    if (!this.#possible || this.#allowed?.has(node) === false) return "impossible";
    if (this.#roomy === undefined) return "possible";
    const room = this.#roomy.some((nodes) => nodes === "everywhere" || nodes.has(node));
    return room ? "possible" : "full";
  }
}
