import { equalJson } from "../../base/mod.ts";
import type { Container, Node, Pod } from "../../api/served.ts";
import type { AdmissionPlugin, ObjectReader } from "../ports.ts";
import { isFor, podOf, rejected } from "./target.ts";

/** Features without which a node cannot follow a change of a pod, with which change that is. */
const NEEDED: readonly (readonly [feature: string, by: (next: Pod, previous: Pod) => boolean])[] = [
  [
    "InPlacePodLevelResourcesVerticalScaling",
    (next, previous) => !equalJson(next.spec?.resources, previous.spec?.resources),
  ],
  ["InPlacePodVerticalScalingInitContainers", resizesInitContainer],
];

/** A pod is not changed to what its node does not say that it can do. */
export function nodeDeclaredFeatureValidator(
  reader: ObjectReader,
  enabled: boolean,
): AdmissionPlugin {
  return {
    name: "NodeDeclaredFeatureValidator",
    handles: (request) =>
      enabled && request.operation === "UPDATE" &&
      (isFor(request, "", "pods") || isFor(request, "", "pods", "resize")),
    validate(request) {
      const [pod, previous] = [podOf(request), request.oldObject as Pod];
      const nodeName = pod.spec?.nodeName ?? "";
      if (nodeName === "") return;
      const needed = NEEDED.filter(([, by]) => by(pod, previous));
      if (needed.length === 0) return;
      const node = reader.get<Node>("", "nodes", "", nodeName);
      if (node === undefined) throw rejected(request, `node ${JSON.stringify(nodeName)} not found`);
      const declared = new Set(node.status?.declaredFeatures ?? []);
      const missing = needed.map(([feature]) => feature).filter((each) => !declared.has(each));
      if (missing.length === 0) return;
      throw rejected(
        request,
        `pod update requires features ${missing.join(", ")} which are not available on node ` +
          JSON.stringify(nodeName),
      );
    },
  };
}

function resizesInitContainer(next: Pod, previous: Pod): boolean {
  const now = next.spec?.initContainers ?? [];
  return (previous.spec?.initContainers ?? []).some((container, i) =>
    !isSidecar(container) && !equalJson(container.resources, now[i]?.resources)
  );
}

const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === "Always";
