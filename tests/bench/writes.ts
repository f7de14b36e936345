import type { ApiClient } from "./api_client.ts";
import { measure, type Row } from "./measure.ts";
import { pod, podName, PODS } from "./pods.ts";

/** Fills the namespace. The bodies are ready beforehand, so that the client's own work is small. */
export async function measureCreate(clients: ApiClient[], pods: string): Promise<Row> {
  const bodies = Array.from({ length: PODS }, (_, i) => JSON.stringify(pod(i)));
  const row = await measure(
    { name: "create", workers: clients.length, operations: PODS },
    async (worker, i) => {
      await clients[worker]!.request("POST", pods, bodies[i]!);
    },
  );
  const stored = await clients[0]!.request("GET", `${pods}/${podName(PODS >> 1)}`);
  return { ...row, bytes: stored.length };
}

export function measureMergePatch(clients: ApiClient[], pods: string): Promise<Row> {
  return measure(
    { name: "merge patch", workers: clients.length, operations: PODS },
    async (worker, i) => {
      const body = JSON.stringify({ metadata: { annotations: { "example.com/patched": `${i}` } } });
      await clients[worker]!.request(
        "PATCH",
        `${pods}/${podName(i)}?fieldManager=bench`,
        body,
        "application/merge-patch+json",
      );
    },
  );
}

/** Server-side apply of one annotation by a manager that owns nothing yet. */
export function measureApply(clients: ApiClient[], pods: string): Promise<Row> {
  return measure(
    { name: "apply", workers: clients.length, operations: PODS },
    async (worker, i) => {
      const body = JSON.stringify({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: podName(i), annotations: { "example.com/applied": `${i}` } },
      });
      await clients[worker]!.request(
        "PATCH",
        `${pods}/${podName(i)}?fieldManager=bench-apply`,
        body,
        "application/apply-patch+yaml",
      );
    },
  );
}

export function measureDelete(clients: ApiClient[], pods: string): Promise<Row> {
  return measure(
    { name: "delete", workers: clients.length, operations: PODS },
    async (worker, i) => {
      await clients[worker]!.request("DELETE", `${pods}/${podName(i)}`);
    },
  );
}
