import { type Pod, PODS } from "../api/mod.ts";
import type { Client } from "../client/mod.ts";

/** Binds a pod to a node. Rejects when the server refuses: it is bound already, gone, or another of the same name. */
export async function bind(client: Client, pod: Pod, node: string): Promise<void> {
  const { name, namespace, uid } = pod.metadata ?? {};
  await client.create(PODS, {
    apiVersion: "v1",
    kind: "Binding",
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
    },
    target: { apiVersion: "v1", kind: "Node", name: node },
  }, { subresource: "binding" });
}
