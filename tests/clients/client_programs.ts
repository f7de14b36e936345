/** How the program of each language is built and started. What is built stays for the next run. */

/** A program in one language that uses a cluster through that language's client library. */
export interface ClientProgram {
  readonly language: string;
  /** Programs without which it cannot be built or run. */
  readonly needs: readonly string[];
  /** The command that runs it, to which the path of a kubeconfig is added. */
  build(): Promise<readonly string[]>;
}

const here = new URL(".", import.meta.url).pathname;
const cache = Deno.env.get("CORACLE_CACHE") ??
  `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`}/coracle`;
const built = `${cache}/clients`;
const main = `${here}javascript/main.mjs`;

export const CLIENTS: readonly ClientProgram[] = [
  {
    language: "JavaScript",
    needs: [],
    build: () => {
      const config = `${here}../../deno.json`;
      return Promise.resolve([Deno.execPath(), "run", "-A", "--config", config, main]);
    },
  },
  {
    language: "Go",
    needs: ["go"],
    async build() {
      await run(["go", "build", "-o", `${built}/go-clients`, "."], `${here}go`);
      return [`${built}/go-clients`];
    },
  },
  {
    language: "Python",
    needs: ["python3"],
    async build() {
      const requirements = `${here}python/requirements.txt`;
      const wanted = await Deno.readTextFile(requirements);
      const stamp = `${built}/python/requirements.txt`;
      if (await Deno.readTextFile(stamp).catch(() => "") !== wanted) {
        await run(["python3", "-m", "venv", `${built}/python`], here);
        await run([`${built}/python/bin/pip`, "install", "-q", "-r", requirements], here);
        await Deno.writeTextFile(stamp, wanted);
      }
      return [`${built}/python/bin/python`, `${here}python/main.py`];
    },
  },
  {
    language: "Rust",
    needs: ["cargo", "cc"],
    async build() {
      const target = ["--target-dir", `${built}/rust`];
      await run(["cargo", "build", "--locked", "--quiet", ...target], `${here}rust`);
      return [`${built}/rust/debug/clients`];
    },
  },
];

async function run(command: readonly string[], cwd: string): Promise<void> {
  await Deno.mkdir(built, { recursive: true });
  const { success, stderr } = await new Deno.Command(command[0] ?? "", {
    args: command.slice(1),
    cwd,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`${command.join(" ")}\n${new TextDecoder().decode(stderr)}`);
}
