import { run } from "./program.ts";

/** Longer than this nobody waits for a directory to be measured. */
const TIMEOUT_MILLISECONDS = 120_000;

/**
 * The bytes that a directory's files take on its disk, those of other file systems below it not counted. Undefined
 * where it is not there, or could not be measured in time.
 */
export async function diskUsage(path: string): Promise<number | undefined> {
  const { stdout, timedOut } = await run("du", ["-sx", "--block-size=1", "--", path], {
    timeoutMilliseconds: TIMEOUT_MILLISECONDS,
    env: { LC_ALL: "C" },
  });
  // Files that go while it looks make it complain, and it still tells the sum.
  const bytes = /^(\d+)\t/.exec(stdout)?.[1];
  return timedOut || bytes === undefined ? undefined : Number(bytes);
}
