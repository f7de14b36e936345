import { type Clock, systemClock } from "../base/mod.ts";

/** Output of a program that is kept, each of stdout and stderr; what follows is read and dropped. */
const OUTPUT_MAXIMUM_BYTES = 16 * 1024 * 1024;
/** How much of a program's complaint an error quotes. */
const COMPLAINT_MAXIMUM_CHARACTERS = 2_000;

/** The administrator's folders, which an ordinary user's path often lacks. */
const ADMINISTRATOR_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/libexec/podman"];

/** The search path for the programs of a node. */
export function programPath(): string {
  const folders = (Deno.env.get("PATH") ?? "/usr/local/bin:/usr/bin:/bin").split(":");
  return [...new Set([...folders, ...ADMINISTRATOR_FOLDERS])].filter(Boolean).join(":");
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array;
  /** Added to the environment, or, with `clearEnv`, all of it. */
  readonly env?: Readonly<Record<string, string>>;
  readonly clearEnv?: boolean;
  readonly cwd?: string;
  /** Kills the program; `run` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Kills the program; `run` then resolves with `timedOut`. */
  readonly timeoutMilliseconds?: number;
  readonly clock?: Clock;
}

export interface RunResult {
  /** 128 + signal when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/** A program failed, or is not there. The message names it and quotes its complaint; it never quotes its input. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
  constructor(
    readonly program: string,
    readonly code: number | undefined,
    readonly complaint: string,
  ) {
    const how = code === undefined ? "cannot be run" : `ended with ${code}`;
    super(`${program} ${how}: ${complaint.trim().slice(0, COMPLAINT_MAXIMUM_CHARACTERS)}`);
  }
}

/** Runs a program to its end, whatever its exit code. Rejects with `ProgramError` when it cannot be started. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  options.signal?.throwIfAborted();
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args: [...args],
      stdin: options.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      env: { PATH: programPath(), ...options.env },
      ...(options.clearEnv === undefined ? {} : { clearEnv: options.clearEnv }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    }).spawn();
  } catch (error) {
    throw new ProgramError(program, undefined, error instanceof Error ? error.message : "");
  }
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
  };
  let timedOut = false;
  const timer = options.timeoutMilliseconds === undefined
    ? undefined
    : (options.clock ?? systemClock).after(options.timeoutMilliseconds, () => {
      timedOut = true;
      kill();
    });
  options.signal?.addEventListener("abort", kill, { once: true });
  try {
    const [stdout, stderr, status] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      child.status,
      options.stdin === undefined ? undefined : feed(child.stdin, options.stdin),
    ]);
    options.signal?.throwIfAborted();
    return { code: status.code, stdout, stderr, timedOut };
  } finally {
    timer?.cancel();
    options.signal?.removeEventListener("abort", kill);
  }
}

/** Runs a program and gives its stdout. Rejects with `ProgramError` unless it ends with 0. */
export async function output(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const result = await run(program, args, options);
  if (result.timedOut) throw new ProgramError(program, result.code, "timed out");
  if (result.code !== 0) {
    throw new ProgramError(program, result.code, result.stderr || result.stdout);
  }
  return result.stdout;
}

/** As `output`, for a command whose first words may be a prefix that enters a namespace. */
export function outputOf(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const [program = "true", ...args] = command;
  return output(program, args, options);
}

async function feed(stdin: WritableStream<Uint8Array>, input: string | Uint8Array): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(typeof input === "string" ? new TextEncoder().encode(input) : input);
    await writer.close();
  } catch {
    // The program ended without reading all of it: its exit code tells.
  }
}

async function text(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let kept = "", bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes <= OUTPUT_MAXIMUM_BYTES) kept += decoder.decode(chunk, { stream: true });
  }
  return kept + decoder.decode();
}
