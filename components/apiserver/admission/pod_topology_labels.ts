import type { Binding, Node } from "../../api/served.ts";
import type { AdmissionPlugin, ObjectReader } from "../ports.ts";
import { isFor } from "./target.ts";

const LABELS = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];

/** A pod shows the zone and region of its node: the binding carries them, and binding copies its labels. */
export function podTopologyLabels(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "PodTopologyLabels",
    handles: (request) =>
      request.operation === "CREATE" &&
      (isFor(request, "", "pods", "binding") || isFor(request, "", "bindings")),
    admit({ object }) {
      const binding = object as Binding;
      const node = reader.get<Node>("", "nodes", "", binding.target?.name ?? "");
      const metadata = binding.metadata ??= {};
      for (const label of LABELS) {
        const value = node?.metadata?.labels?.[label];
        if (value !== undefined) (metadata.labels ??= {})[label] = value;
      }
    },
  };
}
