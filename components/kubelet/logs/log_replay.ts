import { parseCriLine } from "./cri_line.ts";

const NEWLINE = new Uint8Array([0x0a]);

type Outputs = {
  readonly [stream in "stdout" | "stderr"]: WritableStream<Uint8Array> | undefined;
};

/** Writes to each stream what a log has of it, as it was written. A log that is not there has nothing. */
export async function replayLog(path: string, outputs: Outputs): Promise<void> {
  const bytes = await Deno.readFile(path).catch(() => new Uint8Array());
  const writers = {
    stdout: outputs.stdout?.getWriter(),
    stderr: outputs.stderr?.getWriter(),
  };
  try {
    for (let from = 0, to; (to = bytes.indexOf(0x0a, from)) >= 0; from = to + 1) {
      const line = parseCriLine(bytes.subarray(from, to));
      if (line?.stream !== "stdout" && line?.stream !== "stderr") continue;
      const writer = writers[line.stream];
      await writer?.write(line.text);
      if (!line.partial) await writer?.write(NEWLINE);
    }
  } finally {
    writers.stdout?.releaseLock();
    writers.stderr?.releaseLock();
  }
}
