import { badRequest, conflict, isJsonObject, type Status, timestamp } from "../../base/mod.ts";
import type { KubeObject, Pod } from "../../api/served.ts";
import type { WriteDependencies } from "./create.ts";
import { admissionRequest } from "./pipeline.ts";
import { updateObject } from "./update.ts";
import { groupResource, type WriteContext } from "./write_context.ts";

/** Gives a pod its node: `POST pods/x/binding`. */
export async function bindPod(
  dependencies: WriteDependencies,
  context: WriteContext,
  binding: KubeObject,
): Promise<Status> {
  const target = (binding as { target?: unknown }).target;
  const node = isJsonObject(target) ? target["name"] : undefined;
  if (typeof node !== "string" || node === "") throw badRequest("target.name: Required value");
  const kind = isJsonObject(target) ? target["kind"] ?? "" : "";
  if (kind !== "" && kind !== "Node") {
    throw badRequest(
      `target.kind: Unsupported value: ${
        JSON.stringify(kind)
      }: supported values: "Node", "<empty>"`,
    );
  }
  const { pipeline } = dependencies;
  await pipeline.admit(admissionRequest(context, "CREATE", binding, undefined));
  await pipeline.validate(admissionRequest(context, "CREATE", binding, undefined));
  await updateObject(dependencies, { ...context, internal: true }, {
    createsMissing: false,
    unconditional: true,
    ownership: "none",
    make: (existing) =>
      bound(context, existing as Pod, binding, node, timestamp(dependencies.clock.now())),
  });
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
}

function bound(
  context: WriteContext,
  pod: Pod,
  binding: KubeObject,
  node: string,
  now: string,
): Pod {
  const { name = "" } = pod.metadata ?? {};
  const refuse = (why: string) =>
    conflict({ ...groupResource(context.definition), resource: "pods/binding" }, name, why);
  const uid = binding.metadata?.uid;
  if (uid !== undefined && uid !== "" && uid !== pod.metadata?.uid) {
    throw refuse(
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata?.uid}`,
    );
  }
  if (pod.metadata?.deletionTimestamp !== undefined) {
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  }
  if ((pod.spec?.nodeName ?? "") !== "") {
    throw refuse(`pod ${name} is already assigned to node "${pod.spec?.nodeName}"`);
  }
  if ((pod.spec?.schedulingGates ?? []).length > 0) {
    throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  }
  const others = (pod.status?.conditions ?? []).filter((condition) =>
    condition.type !== "PodScheduled"
  );
  const { nominatedNodeName: _nominated, ...status } = pod.status ?? {};
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(binding.metadata?.annotations === undefined
        ? {}
        : { annotations: { ...pod.metadata?.annotations, ...binding.metadata.annotations } }),
      ...(binding.metadata?.labels === undefined
        ? {}
        : { labels: { ...pod.metadata?.labels, ...binding.metadata.labels } }),
    },
    spec: { ...pod.spec, nodeName: node },
    status: {
      ...status,
      conditions: [...others, {
        type: "PodScheduled",
        status: "True",
        lastTransitionTime: now,
        observedGeneration: pod.metadata?.generation ?? 0,
      }],
    },
  };
}
