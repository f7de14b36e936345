import type { HealthChecks } from "./endpoints/mod.ts";
import type { ApiServerOptions } from "./server.ts";
import { addressAt, parseRange } from "./services/mod.ts";

/** One readiness check a part of the start, each ok when that part is done. */
export function startChecks(health: HealthChecks, options: Pick<ApiServerOptions, "serviceCidrs">) {
  const steps = new Set([
    "start-system-namespaces-controller",
    "rbac/bootstrap-roles",
    "start-kubernetes-service-controller",
    "scheduling/bootstrap-system-priority-classes",
    "priority-and-fairness-config-producer",
    "start-cluster-authentication-info-controller",
    "default-servicecidr-controller",
    "apiservice-registration-controller",
  ]);
  for (const step of steps) {
    health.add(`poststarthook/${step}`, () => {
      if (steps.has(step)) throw new Error("not finished");
    });
  }
  const clusterIp = addressAt(parseRange(options.serviceCidrs[0] ?? "10.96.0.0/16"), 0);
  return { clusterIp, steps, done: (step: string) => void steps.delete(step) };
}
