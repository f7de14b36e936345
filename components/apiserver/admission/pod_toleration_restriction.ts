import { internalError } from "../../base/mod.ts";
import { type Namespace, qosClassOf, type Toleration } from "../../api/served.ts";
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from "../ports.ts";
import { isFor, isPodCreate, podOf, rejected } from "./target.ts";
import { covers, mergeTolerations } from "./tolerations.ts";

const DEFAULTS = "scheduler.alpha.kubernetes.io/defaultTolerations";
const ALLOWED = "scheduler.alpha.kubernetes.io/tolerationsWhitelist";

export interface TolerationLists {
  readonly default: readonly Toleration[];
  readonly whitelist: readonly Toleration[];
}

/** Gives pods the tolerations of their namespace, and holds them to those that it allows. */
export class PodTolerationRestriction implements AdmissionPlugin {
  readonly name = "PodTolerationRestriction";
  readonly #reader: ObjectReader;
  readonly #lists: TolerationLists;

  constructor(reader: ObjectReader, lists: TolerationLists = { default: [], whitelist: [] }) {
    this.#reader = reader;
    this.#lists = lists;
  }

  handles(request: AdmissionRequest): boolean {
    const { operation } = request;
    return (operation === "CREATE" || operation === "UPDATE") && isFor(request, "", "pods");
  }

  admit(request: AdmissionRequest): void {
    const pod = podOf(request);
    const spec = pod.spec ??= {};
    const given = spec.tolerations ?? [];
    const extra: Toleration[] = qosClassOf(pod) === "BestEffort" ? [] : [MEMORY_PRESSURE];
    const wanted = isPodCreate(request) ? this.#of(request, DEFAULTS) ?? this.#lists.default : [];
    const merged = mergeTolerations(mergeTolerations(wanted, given), extra);
    if (merged.length > 0) spec.tolerations = merged;
  }

  validate(request: AdmissionRequest): void {
    const given = podOf(request).spec?.tolerations ?? [];
    const allowed = this.#of(request, ALLOWED) ?? this.#lists.whitelist;
    if (allowed.length === 0) return;
    if (given.every((one) => allowed.some((wide) => covers(wide, one)))) return;
    throw rejected(
      request,
      "pod tolerations (possibly merged with namespace default tolerations) conflict with its " +
        "namespace whitelist",
    );
  }

  #of({ namespace }: AdmissionRequest, annotation: string): Toleration[] | undefined {
    const found = this.#reader.get<Namespace>("", "namespaces", "", namespace);
    const written = found?.metadata?.annotations?.[annotation] ?? "";
    if (written === "") return undefined;
    try {
      const parsed: unknown = JSON.parse(written);
      if (Array.isArray(parsed)) return parsed as Toleration[];
    } catch {
      // Told below.
    }
    throw internalError(`annotation ${annotation} of namespace ${namespace} is no list`);
  }
}

const MEMORY_PRESSURE: Toleration = {
  key: "node.kubernetes.io/memory-pressure",
  operator: "Exists",
  effect: "NoSchedule",
};
