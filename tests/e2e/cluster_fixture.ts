/** A cluster as a user starts it: by the launcher, with its own data directory, port and kubeconfig. */
import assert from "node:assert/strict";

const root = new URL("../../", import.meta.url).pathname;
const launcher = `${root}deploy/coracle`;

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function run(
  command: readonly string[],
  options: {
    readonly stdin?: string;
    readonly env?: Record<string, string>;
    readonly timeoutSeconds?: number;
  } = {},
): Promise<Finished> {
  const abort = AbortSignal.timeout((options.timeoutSeconds ?? 120) * 1000);
  const child = new Deno.Command(command[0]!, {
    args: command.slice(1),
    cwd: root,
    env: { NO_COLOR: "1", ...options.env },
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    signal: abort,
  }).spawn();
  if (options.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.stdin));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** A free TCP port of the loopback address. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** The folder with the kubectl and helm that the tests use. */
export async function toolsFolder(): Promise<string> {
  const given = Deno.env.get("CORACLE_TOOLS") ?? "";
  if (given !== "") return given;
  const { code, stdout, stderr } = await run([launcher, "tools"]);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

export class TestCluster {
  readonly #tools: string;

  private constructor(
    readonly directory: string,
    readonly kubeconfig: string,
    readonly port: number,
    readonly runtime: string,
    tools: string,
  ) {
    this.#tools = tools;
  }

  static async start(runtime: "hollow" | "podman", nodes = 1): Promise<TestCluster> {
    const directory = await Deno.makeTempDir({ prefix: "coracle-e2e-" });
    const cluster = new TestCluster(
      directory,
      `${directory}/kubeconfig`,
      freePort(),
      runtime,
      await toolsFolder(),
    );
    await cluster.up(nodes);
    return cluster;
  }

  /** Starts the cluster, again on the same data. */
  async up(nodes = 1): Promise<Finished> {
    const result = await run([
      launcher,
      "up",
      "--detach",
      "--runtime",
      this.runtime,
      "--nodes",
      String(nodes),
      "--data-dir",
      `${this.directory}/data`,
      "--listen",
      `127.0.0.1:${this.port}`,
      "--kubeconfig",
      this.kubeconfig,
    ]);
    assert.equal(result.code, 0, `up failed:\n${result.stdout}\n${result.stderr}`);
    return result;
  }

  coracle(...args: string[]): Promise<Finished> {
    return run([launcher, ...args, "--data-dir", `${this.directory}/data`]);
  }

  /** kubectl with this cluster's kubeconfig; whatever it exits with. */
  kubectl(args: readonly string[], stdin?: string): Promise<Finished> {
    return run(
      [`${this.#tools}/kubectl`, ...args],
      {
        env: { KUBECONFIG: this.kubeconfig, HOME: this.directory },
        ...(stdin === undefined ? {} : { stdin }),
      },
    );
  }

  /** kubectl that must succeed; gives what it printed. */
  async ok(args: string, stdin?: string): Promise<string> {
    const result = await this.kubectl(words(args), stdin);
    assert.equal(result.code, 0, `kubectl ${args}\n${result.stdout}${result.stderr}`);
    return result.stdout;
  }

  /** kubectl that must fail; gives what it complained. */
  async fails(args: string, stdin?: string): Promise<string> {
    const result = await this.kubectl(words(args), stdin);
    assert.notEqual(result.code, 0, `kubectl ${args} succeeded\n${result.stdout}`);
    return result.stderr;
  }

  async helm(args: string): Promise<string> {
    const result = await run([`${this.#tools}/helm`, ...words(args)], {
      env: { KUBECONFIG: this.kubeconfig, HOME: this.directory },
    });
    assert.equal(result.code, 0, `helm ${args}\n${result.stdout}${result.stderr}`);
    return result.stdout;
  }

  async stop(): Promise<void> {
    const result = await this.coracle("stop");
    assert.equal(result.code, 0, result.stderr);
    await Deno.remove(this.directory, { recursive: true }).catch(() => {});
  }
}

/** Splits as a shell does, as far as the tests need it: blanks, and single or double quotes. */
export function words(text: string): string[] {
  return [...text.matchAll(/'([^']*)'|"([^"]*)"|((?:[^\s'"]|'[^']*'|"[^"]*")+)/g)]
    .map((match) => match[1] ?? match[2] ?? match[3]!.replaceAll(/'([^']*)'|"([^"]*)"/g, "$1$2"));
}
