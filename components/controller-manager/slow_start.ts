/** What a batch of writes came to. */
export interface BatchOutcome {
  readonly succeeded: number;
  readonly error?: unknown;
}

/**
 * Runs `count` writes in batches of 1, 2, 4 …; the first batch with a failure is the last. So a quota that is used
 * up costs a few refusals and not hundreds.
 */
export async function slowStart(
  count: number,
  write: (index: number) => Promise<unknown>,
): Promise<BatchOutcome> {
  let started = 0;
  for (let size = Math.min(count, 1); size > 0; size = Math.min(2 * size, count - started)) {
    const batch = Array.from({ length: size }, (_, i) => write(started + i));
    const results = await Promise.allSettled(batch);
    started += size;
    const failed = results.filter((result) => result.status === "rejected");
    if (failed.length > 0) {
      return { succeeded: started - failed.length, error: failed[0]!.reason };
    }
  }
  return { succeeded: started };
}

/** Runs all writes at once, at most `atOnce` in flight, and answers the first failure. */
export async function eachOf<T>(
  items: readonly T[],
  write: (item: T) => Promise<unknown>,
  atOnce = 50,
): Promise<BatchOutcome> {
  let next = 0;
  let succeeded = 0;
  let error: unknown;
  const work = async () => {
    while (next < items.length) {
      try {
        await write(items[next++]!);
        succeeded++;
      } catch (caught) {
        error ??= caught;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
  return error === undefined ? { succeeded } : { succeeded, error };
}
