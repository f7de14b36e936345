import { ApiClient } from "../bench/api_client.ts";
import { readKubeconfig } from "../bench/kubeconfig.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const START_MILLISECONDS = 60_000;

/** The processes of a hollow cluster over one data directory, to be killed and started again. */
export class HollowCluster {
  readonly #child: Deno.ChildProcess;
  readonly #directory: string;

  constructor(directory: string, port: number) {
    this.#directory = directory;
    this.#child = new Deno.Command(`${ROOT}deploy/coracle`, {
      args: [
        ...["up", "--runtime", "hollow", "--listen", `127.0.0.1:${port}`],
        ...["--data-dir", `${directory}/data`, "--kubeconfig", `${directory}/kubeconfig`],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  /** So many clients, once the server says that it is ready. */
  async clients(count: number): Promise<ApiClient[]> {
    let ended = false;
    void this.#child.status.then(() => ended = true);
    const end = performance.now() + START_MILLISECONDS;
    for (;;) {
      try {
        const access = await readKubeconfig(`${this.#directory}/data/admin.kubeconfig`);
        const clients = Array.from({ length: count }, () => new ApiClient(access));
        try {
          await clients[0]!.request("GET", "/readyz");
          return clients;
        } catch (error) {
          for (const client of clients) client.close();
          throw error;
        }
      } catch (error) {
        if (ended) throw new Error("the cluster ended before it was ready");
        if (performance.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
  }
}
