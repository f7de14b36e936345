/**
 * Programs that use the client libraries of four languages, against a hollow cluster in this process. Each prints a line
 * a check: `ok NAME` or `not ok NAME: why`. A language whose tools are not here is skipped, and says so.
 */
import { Cluster } from "../../components/cluster/mod.ts";
import { type ClientProgram, CLIENTS } from "./client_programs.ts";

const TIMEOUT_SECONDS = 300;

for (const program of CLIENTS) {
  const missing = program.needs.filter((tool) => !isHere(tool));
  Deno.test({
    name: `client library, ${program.language}${
      missing.length === 0 ? "" : ` (skipped: no ${missing.join(", ")} here)`
    }`,
    ignore: missing.length > 0,
    // The programs' connections end when they like.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: (test) => check(program, test),
  });
}

async function check(program: ClientProgram, test: Deno.TestContext): Promise<void> {
  const command = await program.build();
  await using cluster = await Cluster.start({ nodes: 1, runtime: "hollow", store: "memory" });
  const kubeconfig = await Deno.makeTempFile({ prefix: "coracle-client-" });
  await Deno.writeTextFile(kubeconfig, await cluster.kubeconfig());
  try {
    const { code, stdout, stderr } = await new Deno.Command(command[0] ?? "", {
      args: [...command.slice(1), kubeconfig],
      env: { NO_COLOR: "1" },
      stdin: "null",
      signal: AbortSignal.timeout(TIMEOUT_SECONDS * 1000),
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    const lines = text(stdout).split("\n").filter((line) => /^(?:not )?ok /.test(line));
    for (const line of lines) {
      await test.step(line.replace(/^(?:not )?ok ([^:]*).*$/, "$1"), () => {
        if (line.startsWith("not ok ")) throw new Error(line);
      });
    }
    if (code !== 0 || lines.length === 0) {
      throw new Error(`exit code ${code}\n${text(stdout)}${text(stderr)}`);
    }
  } finally {
    await Deno.remove(kubeconfig);
  }
}

function isHere(tool: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(`${folder}/${tool}`).isFile;
    } catch {
      return false;
    }
  });
}
