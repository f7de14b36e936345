import type { ContainerState, ContainerStats } from "../runtime.ts";
import type { LibpodClient } from "./libpod_client.ts";

interface ListedStats {
  readonly ContainerID: string;
  readonly CPUNano: number;
  readonly MemUsage: number;
}

/** What the running ones of these containers use, in one request. */
export async function readStats(
  client: LibpodClient,
  containers: readonly ContainerState[],
  timestamp: number,
): Promise<ContainerStats[]> {
  const labels = new Map<string, ContainerState["labels"]>();
  const query = new URLSearchParams({ stream: "false" });
  for (const container of containers) {
    if (container.state !== "running") continue;
    labels.set(container.id, container.labels);
    query.append("containers", container.id);
  }
  if (labels.size === 0) return [];
  const { Stats } = await client.json<{ Stats?: readonly ListedStats[] | null }>(
    "GET",
    `/containers/stats?${query}`,
  );
  return (Stats ?? []).map(({ ContainerID, CPUNano, MemUsage }) => ({
    containerId: ContainerID,
    labels: labels.get(ContainerID) ?? {},
    timestamp,
    cpuNanoseconds: CPUNano,
    memoryBytes: MemUsage,
  }));
}
