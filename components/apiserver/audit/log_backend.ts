import type { Clock, Logger } from "../../base/mod.ts";
import type { AuditBackend, AuditMode, BatchLimits } from "./audit_backend.ts";
import { BatchBuffer } from "./batch_buffer.ts";
import { RotatingFile, type RotationLimits } from "./rotating_file.ts";

export interface AuditLogOptions {
  /** A file, or `-` for the standard output. */
  readonly path: string;
  readonly mode: AuditMode;
  readonly rotation: RotationLimits;
  readonly batch: BatchLimits;
}

/** One line of JSON an event. Throws where the file cannot be opened. */
export function logBackend(
  options: AuditLogOptions,
  clock: Clock,
  logger: Logger,
): AuditBackend {
  const { path, mode, rotation, batch } = options;
  const file = path === "-" ? undefined : new RotatingFile(path, rotation, clock);
  file?.write("");
  const write = (text: string): string | undefined => {
    try {
      if (file !== undefined) file.write(text);
      else writeOut(new TextEncoder().encode(text));
      return undefined;
    } catch (error) {
      // The next event tries to open it anew.
      file?.close();
      return error instanceof Error ? error.message : String(error);
    }
  };
  const end = () => file?.close();
  if (mode !== "batch") {
    return {
      name: "log",
      strict: mode === "blocking-strict",
      record: (line) => write(`${line}\n`),
      close() {
        end();
        return Promise.resolve();
      },
    };
  }
  const buffer = new BatchBuffer(batch, clock, (lines) => {
    const problem = write(lines.map((line) => `${line}\n`).join(""));
    if (problem !== undefined) logger.error("audit events lost", { count: lines.length, problem });
    return Promise.resolve();
  });
  return {
    name: "log",
    strict: false,
    record: (line) => buffer.add(line) ? undefined : "the buffer is full",
    async close() {
      await buffer.close();
      end();
    },
  };
}

function writeOut(bytes: Uint8Array): void {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(Deno.stdout.writeSync(rest));
}
