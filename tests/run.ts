/**
 * Every test, in order of cost: format, lint and types, the tests that need nothing of the machine, the Rust core, the
 * client libraries of four languages, the end-to-end tests as this user and, started by root, as an ordinary one. Ends
 * in a plain line `N passed, N failed`.
 */
interface Tally {
  passed: number;
  failed: number;
}

/** By convention the exit code of a check that cannot be made on this machine. */
const SKIPPED = 77;

const root = new URL("..", import.meta.url).pathname;
const tally: Tally = { passed: 0, failed: 0 };
const only = Deno.args;
const started = performance.now();

async function run(
  name: string,
  command: string[],
  count: (output: string, ok: boolean) => Tally,
  env: Record<string, string> = {},
  cwd = root,
): Promise<void> {
  if (only.length > 0 && !only.includes(name)) return;
  const from = performance.now();
  console.log(`\n== ${name}: ${command.join(" ").replaceAll(root, "")}`);
  const child = new Deno.Command(command[0]!, {
    args: command.slice(1),
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = await Promise.all([pass(child.stdout), pass(child.stderr)]);
  const { success, code } = await child.status;
  if (code === SKIPPED) {
    console.log(`== ${name}: skipped`);
    return;
  }
  const result = count(output.join("\n"), success);
  if (!success && result.failed === 0) result.failed = 1;
  tally.passed += result.passed;
  tally.failed += result.failed;
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  console.log(`== ${name}: ${result.passed} ok, ${result.failed} not ok, ${seconds} s`);
}

/** Copies a stream to the terminal and gives its text. */
async function pass(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    await Deno.stdout.write(chunk);
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

const check = (_output: string, ok: boolean): Tally => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 });

/** Sums deno's closing lines: `ok | 9 passed (2 steps) | 0 failed | 1 ignored (1s)`. */
function denoTests(output: string): Tally {
  const sum: Tally = { passed: 0, failed: 0 };
  for (
    const line of output.matchAll(/^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed/gm)
  ) {
    sum.passed += Number(line[1]);
    sum.failed += Number(line[2]);
  }
  return sum;
}

/** Sums cargo's: `test result: ok. 12 passed; 0 failed; …`. */
function cargoTests(output: string): Tally {
  const sum: Tally = { passed: 0, failed: 0 };
  for (const line of output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)) {
    sum.passed += Number(line[1]);
    sum.failed += Number(line[2]);
  }
  return sum;
}

async function has(program: string): Promise<boolean> {
  const found = await new Deno.Command("sh", {
    args: ["-c", `command -v ${program}`],
    stdout: "null",
    stderr: "null",
  }).output();
  return found.success;
}

const deno = Deno.execPath();
await run("format", [deno, "fmt", "--check", "--quiet"], check);
await run("lint", [deno, "lint", "--quiet"], check);
await run("types", [deno, "check", "--quiet", "mod.ts", "components", "tests", "deploy"], check);
await run(
  "fast",
  [deno, "test", "-A", "--no-check", "--parallel", "components", "tests/tidy", "tests/integration"],
  denoTests,
);
if (await has("cargo")) {
  await run("rust", ["cargo", "test", "--quiet", "--manifest-path", "wasm/Cargo.toml"], cargoTests);
  await run("wasm", ["tests/wasm_rebuild.sh", deno], denoTests);
} else {
  console.log("\n== rust: skipped, no cargo here; the committed module is what was tested");
}
await run("clients", [deno, "test", "-A", "--no-check", "tests/clients"], denoTests);
await run("e2e", [deno, "test", "-A", "--no-check", "tests/e2e"], denoTests);
if (Deno.uid() === 0) {
  await run(
    "e2e-rootless",
    ["tests/e2e/as_user.sh", deno, "test", "-A", "--no-check", "tests/e2e"],
    denoTests,
  );
}

console.log(`\n${((performance.now() - started) / 1000).toFixed(0)} s`);
console.log(`${tally.passed} passed, ${tally.failed} failed`);
if (tally.failed > 0 || tally.passed === 0) Deno.exit(1);
