import type { TrackedPod } from "../state/tracked_pod.ts";

const NAME = "kube_pod_resource_request";
const HELP =
  "[STABLE] Resources requested by workloads on the cluster, broken down by pod. This shows the resource usage the scheduler and kubelet expect per pod for resources along with the unit for the resource if any.";

/** The exposition of what each pod asks for. Pure. */
export function resourceMetrics(pods: Iterable<TrackedPod>): string {
  const lines = [`# HELP ${NAME} ${HELP}`, `# TYPE ${NAME} gauge`];
  for (const { name, namespace, node, priority, requests, schedulerName } of pods) {
    for (const [resource, amount] of requests) {
      if (amount === 0) continue;
      const isCpu = resource === "cpu";
      const unit = isCpu ? "cores" : isBytes(resource) ? "bytes" : "";
      lines.push(
        `${NAME}{namespace="${namespace}",pod="${name}",node="${node}",scheduler="${schedulerName}",` +
          `priority="${priority}",resource="${resource}",unit="${unit}"} ${
            isCpu ? amount / 1000 : amount
          }`,
      );
    }
  }
  return lines.join("\n") + "\n";
}

function isBytes(resource: string): boolean {
  return resource === "memory" || resource === "ephemeral-storage" ||
    resource.startsWith("hugepages-") || resource === "storage";
}
