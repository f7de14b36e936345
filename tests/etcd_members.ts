/** etcd as it is installed on this machine, for tests: members on free ports with their data in memory or on the disk. */
import { connect } from "node:net";

const START_TIMEOUT_MILLISECONDS = 20_000;

/** Whether there is an etcd; says once that tests are skipped where there is none. */
export const etcdIsThere: boolean = (() => {
  try {
    return new Deno.Command("etcd", { args: ["--version"], stdout: "null", stderr: "null" })
      .outputSync().success;
  } catch {
    console.warn("no etcd on the PATH (Debian: etcd-server): its tests are skipped");
    return false;
  }
})();

export interface EtcdMembersOptions {
  /** How many members; 1 where not given. */
  readonly count?: number;
  /** More of etcd's own flags. */
  readonly flags?: readonly string[];
  /** PEM files that members show to clients and ask of them. */
  readonly tls?: { readonly authority: string; readonly certificate: string; readonly key: string };
}

interface Member {
  readonly name: string;
  readonly clientPort: number;
  readonly peerPort: number;
  process: Deno.ChildProcess | undefined;
}

/** An etcd cluster of this test alone. */
export class EtcdMembers {
  readonly endpoints: readonly string[];

  private constructor(
    readonly directory: string,
    readonly options: EtcdMembersOptions,
    readonly members: readonly Member[],
  ) {
    const scheme = options.tls === undefined ? "http" : "https";
    this.endpoints = members.map(({ clientPort }) => `${scheme}://127.0.0.1:${clientPort}`);
  }

  static async start(options: EtcdMembersOptions = {}): Promise<EtcdMembers> {
    const memory = await Deno.stat("/dev/shm").then(() => true, () => false);
    const directory = await Deno.makeTempDir({
      prefix: "coracle-etcd-",
      ...(memory ? { dir: "/dev/shm" } : {}),
    });
    const ports = freePorts(2 * (options.count ?? 1));
    const members = Array.from({ length: options.count ?? 1 }, (_, i): Member => ({
      name: `member-${i}`,
      clientPort: ports[2 * i] as number,
      peerPort: ports[2 * i + 1] as number,
      process: undefined,
    }));
    const cluster = new EtcdMembers(directory, options, members);
    try {
      for (const index of members.keys()) cluster.#spawn(index);
      await Promise.all(members.map(({ clientPort }) => listening(clientPort)));
    } catch (error) {
      await cluster.end();
      throw error;
    }
    return cluster;
  }

  /** Kills a member with no chance to put anything right. */
  async kill(index: number): Promise<void> {
    const member = this.members[index];
    member?.process?.kill("SIGKILL");
    await member?.process?.status;
    if (member !== undefined) member.process = undefined;
  }

  /** Starts a member that was killed, on what it left. */
  async restart(index: number): Promise<void> {
    this.#spawn(index);
    await listening(this.members[index]?.clientPort ?? 0);
  }

  async end(): Promise<void> {
    for (const index of this.members.keys()) await this.kill(index);
    await Deno.remove(this.directory, { recursive: true });
  }

  #spawn(index: number): void {
    const { flags = [], tls } = this.options;
    const member = this.members[index] as Member;
    const client = this.endpoints[index] as string;
    const peer = peerUrl(member);
    member.process = new Deno.Command("etcd", {
      args: [
        `--name=${member.name}`,
        `--data-dir=${this.directory}/${member.name}`,
        `--listen-client-urls=${client}`,
        `--advertise-client-urls=${client}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--initial-cluster=${this.members.map((one) => `${one.name}=${peerUrl(one)}`).join(",")}`,
        // Alone there is nobody to wait for; among several, loaded machines need some patience.
        ...(this.members.length === 1
          ? ["--heartbeat-interval=10", "--election-timeout=50"]
          : ["--heartbeat-interval=50", "--election-timeout=500"]),
        "--log-level=error",
        ...(tls === undefined ? [] : [
          `--trusted-ca-file=${tls.authority}`,
          `--cert-file=${tls.certificate}`,
          `--key-file=${tls.key}`,
          "--client-cert-auth",
        ]),
        ...flags,
      ],
      stdout: "null",
      stderr: "null",
    }).spawn();
  }
}

const peerUrl = ({ peerPort }: Member): string => `http://127.0.0.1:${peerPort}`;

/** Ports that nobody listens on just now, all different. */
function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ port: 0 }));
  const ports = listeners.map(({ addr }) => (addr as Deno.NetAddr).port);
  for (const listener of listeners) listener.close();
  return ports;
}

async function listening(port: number): Promise<void> {
  const until = performance.now() + START_TIMEOUT_MILLISECONDS;
  while (!await accepts(port)) {
    if (performance.now() > until) throw new Error(`no etcd listens on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
