import { type Access, ApiClient } from "./api_client.ts";
import { readKubeconfig } from "./kubeconfig.ts";
import { residentMegabytes } from "./processes.ts";

export interface OwnCluster {
  readonly access: Access;
  /** From the start of the process. */
  readonly readySeconds: number;
  readonly serviceAccountSeconds: number;
  resident(): Promise<number>;
  end(): Promise<void>;
}

const START_MILLISECONDS = 60_000;
const POLL_MILLISECONDS = 5;

/** A hollow cluster in processes of its own, with an empty data directory on the disk that is measured. */
export async function startOwnCluster(directory: string): Promise<OwnCluster> {
  const root = new URL("../..", import.meta.url).pathname;
  // Written before the cluster is ready; the one that the flag names, after.
  const kubeconfig = `${directory}/data/admin.kubeconfig`;
  const started = performance.now();
  const child = new Deno.Command(`${root}deploy/coracle`, {
    args: [
      ...["up", "--runtime", "hollow", "--listen", `127.0.0.1:${freePort()}`],
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
    resident: () => residentMegabytes(child.pid),
    end,
  };
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}
