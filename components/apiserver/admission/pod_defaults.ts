import type { Node, Pod, RuntimeClass, Toleration } from "../../api/served.ts";
import { equalJson } from "../../base/mod.ts";
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from "../ports.ts";
import { isFor, isPodCreate, podOf, rejected } from "./target.ts";
import { mergeTolerations } from "./tolerations.ts";

const NODE_TROUBLES = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
const TOLERATED_SECONDS = 300;

/** A pod bears its node's trouble for five minutes, unless it says otherwise. */
export class DefaultTolerationSeconds implements AdmissionPlugin {
  readonly name = "DefaultTolerationSeconds";

  handles(request: AdmissionRequest): boolean {
    const { operation } = request;
    return (operation === "CREATE" || operation === "UPDATE") && isFor(request, "", "pods");
  }

  admit(request: AdmissionRequest): void {
    const spec = podOf(request).spec ??= {};
    const given = spec.tolerations ?? [];
    const missing = NODE_TROUBLES.filter((key) =>
      !given.some((one) => toleratesEviction(one, key))
    );
    if (missing.length === 0) return;
    spec.tolerations = [
      ...given,
      ...missing.map((key) => ({
        key,
        operator: "Exists",
        effect: "NoExecute",
        tolerationSeconds: TOLERATED_SECONDS,
      })),
    ];
  }
}

const toleratesEviction = ({ key, effect }: Toleration, trouble: string): boolean =>
  (key === trouble || !key) && (effect === "NoExecute" || !effect);

/** A new node takes no pods until its first report says that it is ready. */
export class TaintNodesByCondition implements AdmissionPlugin {
  readonly name = "TaintNodesByCondition";

  handles(request: AdmissionRequest): boolean {
    return request.operation === "CREATE" && isFor(request, "", "nodes");
  }

  admit({ object }: AdmissionRequest): void {
    const spec = (object as Node).spec ??= {};
    const key = NODE_TROUBLES[0] ?? "";
    const taints = spec.taints ?? [];
    if (taints.some((taint) => taint.key === key && taint.effect === "NoSchedule")) return;
    spec.taints = [...taints, { key, effect: "NoSchedule" }];
  }
}

/** A pod gets the overhead and the placement of its RuntimeClass. */
export class RuntimeClassAdmission implements AdmissionPlugin {
  readonly name = "RuntimeClass";
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  handles(request: AdmissionRequest): boolean {
    return isPodCreate(request);
  }

  async admit(request: AdmissionRequest): Promise<void> {
    const pod = podOf(request);
    const found = await this.#find(request, pod);
    if (found === undefined) return;
    const spec = pod.spec ??= {};
    const overhead = found.overhead?.podFixed;
    if (overhead !== undefined) {
      if (spec.overhead !== undefined && !equalJson(spec.overhead, overhead)) {
        throw rejected(request, OVERHEAD_DIFFERS);
      }
      spec.overhead = { ...overhead };
    }
    for (const [key, value] of Object.entries(found.scheduling?.nodeSelector ?? {})) {
      const selector = spec.nodeSelector ??= {};
      if (selector[key] !== undefined && selector[key] !== value) {
        throw rejected(
          request,
          `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; ` +
            `pod.spec.nodeSelector[${key}] = ${selector[key]}`,
        );
      }
      selector[key] = value;
    }
    const added = found.scheduling?.tolerations ?? [];
    if (added.length > 0) spec.tolerations = mergeTolerations(spec.tolerations ?? [], added);
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const pod = podOf(request);
    const found = await this.#find(request, pod);
    const given = pod.spec?.overhead ?? {};
    if (found === undefined) {
      if (Object.keys(given).length === 0) return;
      throw rejected(
        request,
        "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead",
      );
    }
    if (!equalJson(given, found.overhead?.podFixed ?? {})) {
      throw rejected(request, OVERHEAD_DIFFERS);
    }
  }

  async #find(request: AdmissionRequest, pod: Pod): Promise<RuntimeClass | undefined> {
    const name = pod.spec?.runtimeClassName ?? "";
    if (name === "") return undefined;
    const find = () => this.#reader.get<RuntimeClass>("node.k8s.io", "runtimeclasses", "", name);
    let found = find();
    if (found === undefined) {
      await this.#reader.fresh("node.k8s.io", "runtimeclasses");
      found = find();
    }
    if (found !== undefined) return found;
    throw rejected(request, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  }
}

const OVERHEAD_DIFFERS =
  "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
