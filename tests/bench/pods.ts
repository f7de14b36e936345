import { ApiClient } from "./api_client.ts";

export const PODS = 3_000;
/** So many of them carry the label that the list by label asks for. */
export const LABELLED = 190;
export const LABEL = "group=chosen";

/** An ordinary pod of about 3 KB as stored. Nobody schedules it: the API is measured, not what follows from it. */
export function pod(i: number): unknown {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: podName(i),
      labels: {
        app: "web",
        group: i < LABELLED ? "chosen" : "other",
      },
      annotations: { "example.com/owner": "team-web" },
    },
    spec: {
      schedulerName: "none",
      containers: [{
        name: "web",
        image: "registry.example/team/web:1.27.4",
        ports: [{ name: "http", containerPort: 8080 }],
        env: [{ name: "MODE", value: "production" }],
        resources: {
          requests: { cpu: "100m", memory: "128Mi" },
          limits: { cpu: "500m", memory: "256Mi" },
        },
        readinessProbe: { httpGet: { path: "/readyz", port: 8080 }, periodSeconds: 10 },
      }],
    },
  };
}

export function podName(i: number): string {
  return `web-${String(i).padStart(5, "0")}`;
}

/** A namespace of the run's own, ready for pods. */
export async function makeNamespace(client: ApiClient): Promise<string> {
  const name = `bench-${crypto.randomUUID().slice(0, 8)}`;
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
  await client.request("POST", "/api/v1/namespaces", JSON.stringify(body));
  // Pods are let in once their namespace's service account is there.
  for (let attempt = 0;; attempt++) {
    try {
      await client.request("GET", `/api/v1/namespaces/${name}/serviceaccounts/default`);
      return name;
    } catch (error) {
      if (attempt >= 300) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
