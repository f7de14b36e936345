import type { Clock, JsonValue } from "../../base/mod.ts";
import type { TlsAnswer } from "../../serving/mod.ts";
import { identityHeaders } from "./identity_headers.ts";
import { hostOf, type RemoteClients } from "./remote_clients.ts";
import type { RemoteService } from "./remote_service.ts";

/** Whom the aggregation layer asks as when it asks for itself. */
const AGGREGATOR = { username: "system:kube-aggregator", groups: ["system:masters"] };
/** Documents of OpenAPI are the largest that are asked for. */
const BODY_MAXIMUM_BYTES = 32 * 1024 * 1024;

/**
 * Asks a server behind this one for a document, as the aggregation layer itself. Rejects with an `Error` that says why
 * there is none; `timeoutMilliseconds` is for all of it.
 */
export async function askRemote(
  remote: RemoteService,
  path: string,
  clients: RemoteClients,
  clock: Clock,
  timeoutMilliseconds: number,
): Promise<JsonValue> {
  const url = `https://${hostOf(remote)}${path}`;
  const given = new AbortController();
  const timer = clock.after(timeoutMilliseconds, () => {
    given.abort(new Error("context deadline exceeded"));
  });
  try {
    const client = await clients.of(remote);
    const answer = await client.request({
      method: "GET",
      path,
      headers: {
        host: hostOf(remote),
        accept: "application/json",
        ...grouped(identityHeaders(AGGREGATOR)),
      },
      signal: given.signal,
    });
    const onAbort = () => answer.body.destroy(given.signal.reason);
    given.signal.addEventListener("abort", onAbort);
    const body = await textOf(answer);
    if (answer.status < 200 || answer.status > 299) {
      throw new BadStatus(`bad status from ${url}: ${answer.status}`);
    }
    return JSON.parse(body) as JsonValue;
  } catch (error) {
    if (error instanceof BadStatus) throw new Error(error.message);
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`failing or missing response from ${url}: Get ${JSON.stringify(url)}: ${why}`);
  } finally {
    timer.cancel();
  }
}

class BadStatus extends Error {}

function grouped(headers: readonly (readonly [string, string])[]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const [name, value] of headers) (found[name] ??= []).push(value);
  return found;
}

async function textOf({ body }: TlsAnswer): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of body) {
    size += (chunk as Uint8Array).length;
    if (size > BODY_MAXIMUM_BYTES) {
      body.destroy();
      throw new Error(`the answer is larger than ${BODY_MAXIMUM_BYTES} bytes`);
    }
    text += decoder.decode(chunk as Uint8Array, { stream: true });
  }
  return text + decoder.decode();
}
