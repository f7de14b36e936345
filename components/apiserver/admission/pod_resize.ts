import { equalJson } from "../../base/mod.ts";
import { amountsOf, type Node, type Pod, podTotals, type Quantity } from "../../api/served.ts";
import type { AdmissionPlugin, ObjectReader } from "../ports.ts";
import { isFor, podOf, rejected } from "./target.ts";

/** A pod is not resized to what its node can never give. */
export function podResizeValidator(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "PodResizeValidator",
    handles: (request) => request.operation === "UPDATE" && isFor(request, "", "pods", "resize"),
    validate(request) {
      const pod = podOf(request);
      const nodeName = pod.spec?.nodeName ?? "";
      if (nodeName === "" || equalJson(pod.spec, (request.oldObject as Pod).spec)) return;
      const node = reader.get<Node>("", "nodes", "", nodeName);
      if (node === undefined) throw rejected(request, `node ${JSON.stringify(nodeName)} not found`);
      const { requests } = podTotals({ ...(pod.spec === undefined ? {} : { spec: pod.spec }) });
      const allocatable = amountsOf(node.status?.allocatable);
      const problems: string[] = [];
      for (const [name, unit] of [["cpu", MILLI], ["memory", WHOLE]] as const) {
        const [asked, has] = [
          inUnits(requests.get(name), unit),
          inUnits(allocatable.get(name), unit),
        ];
        if (asked > has) problems.push(`${name}, requested: ${asked}, allocatable: ${has}`);
      }
      if (problems.length > 0) {
        throw rejected(
          request,
          `Node didn't have enough allocatable resources: ${problems.join("; ")}`,
          [{ reason: "NodeCapacity" }],
        );
      }
      const os = node.metadata?.labels?.["kubernetes.io/os"] ?? "";
      if (os === "linux") return;
      throw rejected(
        request,
        `pod resize is only supported on linux nodes, node ${JSON.stringify(nodeName)} is ` +
          JSON.stringify(os),
        [{ reason: "UnsupportedPlatform" }],
      );
    },
  };
}

const MILLI = 1_000_000n;
const WHOLE = 1_000_000_000n;

/** Rounded up, as a request is. */
const inUnits = (amount: Quantity | undefined, unit: bigint): bigint =>
  amount === undefined ? 0n : (amount.nano + unit - 1n) / unit;
