import type { Pod, PriorityClass } from "../../api/served.ts";
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from "../ports.ts";
import { isFor, podOf, rejected } from "./target.ts";

const GROUP = "scheduling.k8s.io";
const RESOURCE = "priorityclasses";
const DEFAULT_POLICY = "PreemptLowerPriority";

/** Turns the name of a pod's priority class into its number, and keeps the default class unique. */
export class Priority implements AdmissionPlugin {
  readonly name = "Priority";
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  handles(request: AdmissionRequest): boolean {
    const { operation } = request;
    return (operation === "CREATE" || operation === "UPDATE") &&
      (isFor(request, "", "pods") || isFor(request, GROUP, RESOURCE));
  }

  async admit(request: AdmissionRequest): Promise<void> {
    if (request.definition.plural !== "pods") return;
    const spec = podOf(request).spec ??= {};
    if (request.operation === "UPDATE") {
      // A client that does not know these fields leaves them out: they stay as they were.
      const old = (request.oldObject as Pod | undefined)?.spec;
      if (spec.priority === undefined && old?.priority !== undefined) spec.priority = old.priority;
      if (spec.preemptionPolicy === undefined && old?.preemptionPolicy !== undefined) {
        spec.preemptionPolicy = old.preemptionPolicy;
      }
      return;
    }
    const found = await this.#classFor(request, spec.priorityClassName ?? "");
    const priority = found?.value ?? 0;
    const policy = found?.preemptionPolicy ?? DEFAULT_POLICY;
    if (found !== undefined) spec.priorityClassName = found.metadata?.name ?? "";
    if (spec.priority !== undefined && spec.priority !== priority) {
      throw rejected(
        request,
        `the integer value of priority (${spec.priority}) must not be provided in pod spec; ` +
          `priority admission controller computed ${priority} from the given PriorityClass name`,
      );
    }
    spec.priority = priority;
    if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
      throw rejected(
        request,
        `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in ` +
          `pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
      );
    }
    spec.preemptionPolicy = policy;
  }

  async validate(request: AdmissionRequest): Promise<void> {
    if (request.definition.plural !== RESOURCE) return;
    const written = request.object as PriorityClass;
    if (written.globalDefault !== true) return;
    await this.#reader.fresh(GROUP, RESOURCE);
    const other = this.#reader.list<PriorityClass>(GROUP, RESOURCE).find((one) =>
      one.globalDefault === true && one.metadata?.name !== written.metadata?.name
    );
    if (other !== undefined) {
      throw rejected(
        request,
        `PriorityClass ${other.metadata?.name} is already marked as default. ` +
          "Only one default can exist",
      );
    }
  }

  /** The class of that name; the default one, if there is one, for a pod that names none. */
  async #classFor(request: AdmissionRequest, name: string): Promise<PriorityClass | undefined> {
    if (name === "") {
      const defaults = this.#reader.list<PriorityClass>(GROUP, RESOURCE)
        .filter(({ globalDefault }) => globalDefault === true);
      return defaults.sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
    }
    const find = () => this.#reader.get<PriorityClass>(GROUP, RESOURCE, "", name);
    let found = find();
    if (found === undefined) {
      await this.#reader.fresh(GROUP, RESOURCE);
      found = find();
    }
    if (found === undefined) {
      throw rejected(request, `no PriorityClass with name ${name} was found`);
    }
    return found;
  }
}
