import type { AdmissionPlugin } from "../ports.ts";
import { isFor, podOf } from "./target.ts";

/** Pods that ask for an extended resource tolerate the taint that keeps others off its nodes. */
export const extendedResourceToleration: AdmissionPlugin = {
  name: "ExtendedResourceToleration",
  handles: (request) =>
    (request.operation === "CREATE" || request.operation === "UPDATE") &&
    isFor(request, "", "pods"),
  admit(request) {
    const spec = podOf(request).spec ??= {};
    const names = [...spec.containers ?? [], ...spec.initContainers ?? []]
      .flatMap(({ resources }) => Object.keys(resources?.requests ?? {})).filter(isExtended);
    for (const key of [...new Set(names)].sort()) {
      const toleration = { key, operator: "Exists", effect: "NoSchedule" };
      const given = spec.tolerations ?? [];
      const has = given.some((one) =>
        one.key === key && one.operator === "Exists" && one.effect === "NoSchedule"
      );
      if (!has) spec.tolerations = [...given, toleration];
    }
  },
};

const isExtended = (name: string): boolean =>
  name.includes("/") && !name.startsWith("requests.") && !name.includes("kubernetes.io/");
