import { type Access, ApiClient } from "./api_client.ts";
import { readKubeconfig } from "./kubeconfig.ts";
import { processorSeconds, residentMegabytes } from "./processes.ts";
import { freePort } from "../free_port.ts";

export interface OwnCluster {
  readonly access: Access;
  /** From the start of the process. */
  readonly readySeconds: number;
  readonly serviceAccountSeconds: number;
  readonly pid: number;
  readonly port: number;
  resident(): Promise<number>;
  /** Processor time since the start, in seconds. */
  processor(): Promise<number>;
  end(): Promise<void>;
}

const START_MILLISECONDS = 120_000;
const POLL_MILLISECONDS = 5;

/**
 * A hollow cluster in processes of its own, on the disk that is measured: with an empty data directory, or, on the port
 * it had before, with that of one that ended.
 */
export async function startOwnCluster(
  directory: string,
  port = freePort(),
): Promise<OwnCluster> {
  const root = new URL("../..", import.meta.url).pathname;
  // Written before the cluster is ready; the one that the flag names, after.
  const kubeconfig = `${directory}/data/admin.kubeconfig`;
  // The launcher makes the program ready once for each state of the sources: that is no part of a start.
  await new Deno.Command(`${root}deploy/coracle`, { args: ["version"], stdout: "null" }).output();
  const started = performance.now();
  const child = new Deno.Command(`${root}deploy/coracle`, {
    args: [
      ...["up", "--runtime", "hollow", "--listen", `127.0.0.1:${port}`],
      ...["--data-dir", `${directory}/data`, "--kubeconfig", `${directory}/kubeconfig`],
    ],
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  const end = async () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await child.status;
  };
  let ended = false;
  void child.status.then(() => ended = true);
  const until = async <T>(attempt: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (ended) throw new Error("the cluster ended before it was ready");
        if (performance.now() - started > START_MILLISECONDS) {
          await end();
          throw error;
        }
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    }
  };
  const access = await until(() => readKubeconfig(kubeconfig));
  const client = new ApiClient(access);
  const seconds = () => (performance.now() - started) / 1000;
  await until(() => client.request("GET", "/readyz"));
  const readySeconds = seconds();
  const path = "/api/v1/namespaces/default/serviceaccounts/default";
  await until(() => client.request("GET", path));
  const serviceAccountSeconds = seconds();
  client.close();
  return {
    access,
    readySeconds,
    serviceAccountSeconds,
    pid: child.pid,
    port,
    processor: () => processorSeconds(child.pid),
    resident: () => residentMegabytes(child.pid),
    end,
  };
}
