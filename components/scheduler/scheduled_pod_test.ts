import assert from "node:assert/strict";
import { PodProjection } from "./scheduled_pod.ts";

Deno.test("a pod without a node is kept but for its managedFields, one with a node is not", () => {
  const told: [number, string][] = [];
  const projection = new PodProjection({
    putPod: (handle, node) => void told.push([handle, node]),
  });
  const metadata = { name: "a", namespace: "n", uid: "u", generation: 2 };
  const spec = { containers: [{ name: "c", image: "i" }] };
  const pod = { metadata: { ...metadata, managedFields: [{ manager: "m" }] }, spec };
  assert.deepEqual(projection.of(pod).pod, { metadata, spec });
  assert.equal(pod.metadata.managedFields.length, 1);
  const bound = projection.of({ ...pod, spec: { ...spec, nodeName: "node" } });
  assert.deepEqual([bound.pod, bound.node, bound.handle], [undefined, "node", 1]);
  assert.deepEqual(told, [[1, "node"]]);
});
