import { ApiError, type Clock } from "../../base/mod.ts";
import type { ResourceStore } from "../registry/resource_store.ts";

/** How long a read waits for a revision that the cache has not seen. */
const WAIT_MILLISECONDS = 3000;
const RETRY_SECONDS = 1;

/** Waits until the cache shows `revision`; throws 504 when it does not in time. */
export async function awaitRevision(
  resource: ResourceStore,
  revision: number,
  clock: Clock,
): Promise<void> {
  const { cache } = resource;
  await cache.ready();
  if (cache.revision >= revision) return;
  const abort = new AbortController();
  const timer = clock.after(WAIT_MILLISECONDS, () => abort.abort(new TooLate()));
  try {
    await cache.waitFor(revision, abort.signal);
  } catch (error) {
    if (!(error instanceof TooLate)) throw error;
    throw tooLargeRevision(revision, cache.revision);
  } finally {
    timer.cancel();
  }
}

class TooLate extends Error {}

function tooLargeRevision(revision: number, current: number): ApiError {
  return new ApiError(
    504,
    "Timeout",
    `Timeout: Too large resource version: ${revision}, current: ${current}`,
    {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: RETRY_SECONDS,
    },
  );
}
