import { type Clock, internalError, isJsonObject, type JsonObject, sleep } from "../base/mod.ts";
import { bytesUpTo } from "./bounded_body.ts";
import type { Fetch } from "../client/mod.ts";

/** Where reviews are sent; `fetch` trusts and shows what the webhook's kubeconfig says. */
export interface WebhookEndpoint {
  readonly url: string;
  readonly fetch: Fetch;
}

const ANSWER_MAXIMUM_BYTES = 1024 * 1024;
const TRY_MAXIMUM_MILLISECONDS = 30_000;
const TRIES = 5;
const FIRST_PAUSE_MILLISECONDS = 500;
const PAUSE_FACTOR = 1.5;

/**
 * Sends a review and answers it as it came back. What may pass by itself (no connection, 429, 5xx) is tried again a
 * few times; then, and for every other failure, rejects with an `ApiError` 500.
 */
export async function sendReview(
  { url, fetch }: WebhookEndpoint,
  review: JsonObject,
  clock: Clock,
  timeoutMilliseconds: number = TRY_MAXIMUM_MILLISECONDS,
  /** The pause before the second try; negative where there is none. */
  pauseMilliseconds: number = FIRST_PAUSE_MILLISECONDS,
): Promise<JsonObject> {
  let pause = pauseMilliseconds;
  for (let tries = 1;; tries++) {
    const outcome = await tryOnce(url, fetch, review, clock, timeoutMilliseconds);
    if ("answer" in outcome) return outcome.answer;
    if (!outcome.passing || tries === TRIES || pause < 0) throw internalError(outcome.problem);
    await sleep(clock, pause);
    pause *= PAUSE_FACTOR;
  }
}

type Outcome = { readonly answer: JsonObject } | {
  readonly problem: string;
  /** Whether it may go away by itself. */
  readonly passing: boolean;
};

async function tryOnce(
  url: string,
  fetch: Fetch,
  review: JsonObject,
  clock: Clock,
  timeoutMilliseconds: number,
): Promise<Outcome> {
  let response: Response;
  let bytes: Uint8Array;
  const abort = new AbortController();
  const timer = clock.after(timeoutMilliseconds, () => abort.abort());
  try {
    response = await fetch(
      new Request(url, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json" },
        body: JSON.stringify(review),
        signal: abort.signal,
      }),
    );
    bytes = await readBounded(response, ANSWER_MAXIMUM_BYTES);
  } catch (error) {
    return { problem: `Post ${JSON.stringify(url)}: ${messageOf(error)}`, passing: true };
  } finally {
    timer.cancel();
  }
  if (!response.ok) {
    const passing = response.status === 429 || response.status >= 500;
    return { problem: `the webhook at ${url} answered ${response.status}`, passing };
  }
  try {
    const answer: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (isJsonObject(answer)) return { answer };
  } catch {
    // Told below.
  }
  return { problem: `the webhook at ${url} answered no review`, passing: false };
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** The whole body. Rejects, and reads no further, when there is more than that. */
export async function readBounded(
  response: Response,
  maximumBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const all = await bytesUpTo(response.body ?? [], maximumBytes);
  if (all === undefined) throw new Error(`more than ${maximumBytes} bytes`);
  return all;
}
