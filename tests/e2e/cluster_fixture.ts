/** A cluster as a user starts it: by the launcher, with its own data directory, port and kubeconfig. */
import assert from "node:assert/strict";
import { imagesOfNode, importImage } from "../../components/kubelet/mod.ts";
import { freePort } from "../free_port.ts";

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

/**
 * Asks until the answer is not undefined. For conditions that `kubectl wait` cannot express: fails with the words of
 * the condition, and the last error, when the time is up.
 */
export async function until<T>(
  condition: string,
  ask: () => Promise<T | undefined>,
  timeoutSeconds = 30,
): Promise<T> {
  const end = performance.now() + timeoutSeconds * 1000;
  let problem: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
      problem = undefined;
    } catch (error) {
      problem = error;
    }
    if (performance.now() > end) {
      throw new Error(`not within ${timeoutSeconds} s: ${condition}`, { cause: problem });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A program that runs on while the test does other things. */
export class Running {
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<unknown>;
  output = "";

  constructor(command: readonly string[], env: Record<string, string>) {
    this.#child = new Deno.Command(command[0]!, {
      args: command.slice(1),
      cwd: root,
      env: { NO_COLOR: "1", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const read = async (stream: ReadableStream<Uint8Array>) => {
      const decoder = new TextDecoder();
      for await (const bytes of stream) this.output += decoder.decode(bytes, { stream: true });
    };
    this.#ended = Promise.all([read(this.#child.stdout), read(this.#child.stderr)]);
  }

  /** Waits for words in its output. */
  async says(words: RegExp): Promise<RegExpExecArray> {
    return await until(`${words} in the output`, () => {
      return Promise.resolve(words.exec(this.output) ?? undefined);
    }).catch((error) => {
      throw new Error(`${error.message}\n${this.output}`);
    });
  }

  /** Waits for its end by itself; its exit code. */
  async end(): Promise<number> {
    await this.#ended;
    return (await this.#child.status).code;
  }

  async stop(): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended.
    }
    await this.end();
  }
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
    readonly nodes: number,
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
      nodes,
      await toolsFolder(),
    );
    await cluster.up();
    return cluster;
  }

  /** Starts the cluster, again on the same data. */
  async up(): Promise<Finished> {
    const result = await run([
      launcher,
      "up",
      "--detach",
      "--runtime",
      this.runtime,
      "--nodes",
      String(this.nodes),
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
    return run([launcher, ...args, "--data-dir", `${this.directory}/data`], {
      env: this.#environment,
    });
  }

  /** The environment of programs that are to find this cluster. */
  get #environment(): Record<string, string> {
    return { KUBECONFIG: this.kubeconfig, HOME: this.directory };
  }

  /** kubectl that runs on. */
  background(args: string, env: Record<string, string> = {}): Running {
    return new Running([`${this.#tools}/kubectl`, ...words(args)], {
      ...this.#environment,
      ...env,
    });
  }

  /** Puts an image of a root file system's tar on every node. */
  async importImage(tar: string, name: string): Promise<void> {
    for (const node of Deno.readDirSync(`${this.directory}/data/nodes`)) {
      if (!node.name.startsWith("node-")) continue;
      await importImage(imagesOfNode(`${this.directory}/data/nodes/${node.name}`), tar, name);
    }
  }

  /** kubectl with this cluster's kubeconfig; whatever it exits with. */
  kubectl(
    args: readonly string[],
    stdin?: string,
    env: Record<string, string> = {},
  ): Promise<Finished> {
    return run(
      [`${this.#tools}/kubectl`, ...args],
      {
        env: { ...this.#environment, ...env },
        ...(stdin === undefined ? {} : { stdin }),
      },
    );
  }

  /** What a shell prints in which `kubectl` is this cluster's. */
  async shell(script: string, env: Record<string, string> = {}): Promise<string> {
    const path = `${this.#tools}:${Deno.env.get("PATH") ?? ""}`;
    const result = await run(["sh", "-c", script], {
      env: { ...this.#environment, PATH: path, ...env },
    });
    assert.equal(result.code, 0, `${script}\n${result.stdout}${result.stderr}`);
    return result.stdout;
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
      env: this.#environment,
    });
    assert.equal(result.code, 0, `helm ${args}\n${result.stdout}${result.stderr}`);
    return result.stdout;
  }

  /** Ends the cluster and removes all it has left on the disk. */
  async stop(): Promise<void> {
    for (const command of ["stop", "reset"]) {
      const result = await this.coracle(command);
      assert.equal(result.code, 0, `${command}: ${result.stdout}${result.stderr}`);
    }
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** Splits as a shell does, as far as the tests need it: blanks, and single or double quotes. */
export function words(text: string): string[] {
  return [...text.matchAll(/'([^']*)'|"([^"]*)"|((?:[^\s'"]|'[^']*'|"[^"]*")+)/g)]
    .map((match) => match[1] ?? match[2] ?? match[3]!.replaceAll(/'([^']*)'|"([^"]*)"/g, "$1$2"));
}
