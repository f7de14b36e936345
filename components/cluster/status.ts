import { type Node, NODES, PODS } from "../api/mod.ts";
import { connect } from "./connection.ts";
import type { DataLayout } from "./data_directory.ts";
import { runningInstance } from "./instance.ts";
import { readKubeconfig } from "./kubeconfig_file.ts";
import { type LeftNode, standingNodes } from "./left_nodes.ts";
import { isReady } from "./readiness.ts";
import { plainMessage } from "./start_error.ts";

/** What `coracle status` knows. */
export type ClusterStatus =
  /** With the nodes that run all the same: those of a cluster that was killed, or that kept its containers. */
  | { readonly state: "stopped"; readonly left: readonly LeftNode[] }
  | {
    readonly state: "starting" | "ready" | "failing";
    readonly server: string;
    readonly pid: number;
    readonly runtime: string;
    readonly startedAt: number;
    /** What is wrong, a sentence each. */
    readonly problems: readonly string[];
    readonly nodes: readonly {
      readonly name: string;
      readonly isReady: boolean;
      readonly pods: number;
    }[];
  };

/** Looks at the process and asks the server. */
export async function clusterStatus(layout: DataLayout): Promise<ClusterStatus> {
  const instance = await runningInstance(layout);
  if (instance === undefined) return { state: "stopped", left: await standingNodes(layout) };
  const facts = {
    server: instance.server,
    pid: instance.process.pid,
    runtime: instance.runtime,
    startedAt: instance.startedAt,
  };
  const { state } = instance;
  try {
    const connection = connect(await readKubeconfig(layout.adminKubeconfig), "coracle");
    try {
      const { client } = connection;
      const health = await client.request("GET", "/readyz");
      const text = await health.text();
      const problems = health.ok ? [] : failedChecks(text);
      const [nodes, pods] = await Promise.all([client.list<Node>(NODES), client.list(PODS)]);
      const byNode = new Map<string, number>();
      for (const pod of pods.items) {
        const name = pod.spec?.nodeName ?? "";
        byNode.set(name, (byNode.get(name) ?? 0) + 1);
      }
      const shown = nodes.items.map((node) => {
        const name = node.metadata?.name ?? "";
        return { name, isReady: isReady(node), pods: byNode.get(name) ?? 0 };
      });
      const lost = shown.filter((node) => !node.isReady)
        .map(({ name }) => `node ${name} is not ready`);
      const all = [...problems, ...lost];
      const now = state === "starting" || all.length === 0 ? state : "failing";
      return { state: now, ...facts, problems: all, nodes: shown };
    } finally {
      connection.close();
    }
  } catch (error) {
    const now = state === "starting" ? state : "failing";
    return { state: now, ...facts, problems: [plainMessage(error)], nodes: [] };
  }
}

/** The failed lines of a health answer: `[-]name failed: …`. Pure. */
function failedChecks(text: string): string[] {
  const failed = text.split("\n").filter((line) => line.startsWith("[-]"));
  return failed.length === 0
    ? ["the API server is not ready"]
    : failed.map((line) => line.slice(3));
}
