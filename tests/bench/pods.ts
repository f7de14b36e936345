import { ApiClient } from "./api_client.ts";

export const PODS = 3_000;
/** So many of them carry the label that the list by label asks for. */
export const LABELLED = 190;
export const LABEL = "group=chosen";

/** An ordinary pod of about 3 KB as stored. Nobody schedules it: the API is measured, not what follows from it. */
export function pod(i: number): unknown {
  const probe = (path: string) => ({
    httpGet: { path, port: 8080 },
    periodSeconds: 10,
    timeoutSeconds: 2,
  });
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: podName(i),
      labels: {
        app: "web",
        tier: "frontend",
        release: "stable",
        group: i < LABELLED ? "chosen" : "other",
      },
      annotations: {
        "example.com/owner": "team-web",
        "example.com/checksum": "f2ca1bb6c7e907d06dafe4687e579fce76b37e4e93b7605022da52e6ccc26fd2",
      },
    },
    spec: {
      schedulerName: "none",
      containers: [{
        name: "web",
        image: "registry.example/team/web:1.27.4",
        args: ["--listen", ":8080", "--log-level", "info"],
        ports: [{ name: "http", containerPort: 8080 }],
        env: [
          { name: "MODE", value: "production" },
          { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
        ],
        resources: {
          requests: { cpu: "100m", memory: "128Mi" },
          limits: { cpu: "500m", memory: "256Mi" },
        },
        livenessProbe: probe("/livez"),
        readinessProbe: probe("/readyz"),
        volumeMounts: [{ name: "scratch", mountPath: "/scratch" }],
      }],
      volumes: [{ name: "scratch", emptyDir: {} }],
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
