import { Readable } from "node:stream";
import { ApiError, type Clock } from "../../base/mod.ts";
import type { TlsAnswer } from "../../serving/mod.ts";
import { connectionNames, forwardedFor, passedHeaders, proxyUpgrade } from "../connect/mod.ts";
import { textResponse } from "../endpoints/endpoint.ts";
import type { UserInfo } from "../ports.ts";
import { identityHeaders } from "./identity_headers.ts";
import { hostOf, type RemoteClients } from "./remote_clients.ts";
import type { RemoteService } from "./remote_service.ts";

const BODILESS_STATUSES = new Set([204, 205, 304]);

/**
 * Passes a request on to the server behind this one, and its answer back as it comes: watches and logs stream, upgrades
 * go both ways. That server is told who asks; what the client proved that with stays here.
 */
export async function proxyRemote(
  { request, path, user, address }: {
    readonly request: Request;
    /** With the query. */
    readonly path: string;
    readonly user: UserInfo;
    /** Where it came from. */
    readonly address: string;
  },
  remote: RemoteService,
  clients: RemoteClients,
  clock: Clock,
): Promise<Response> {
  if (!remote.available) return textResponse("service unavailable\n", 503);
  const identity = [...identityHeaders(user), ...forwardedFor(request.headers, address)];
  try {
    const client = await clients.of(remote);
    if (isUpgrade(request.headers)) {
      return await proxyUpgrade(request, path, clock, () => client.open(), identity);
    }
    const answer = await client.request({
      method: request.method,
      path,
      headers: requestHeaders(request, remote, identity),
      ...(request.body === null ? {} : { body: request.body }),
      signal: request.signal,
    });
    return responseOf(answer);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    return textResponse(`error trying to reach service: ${why}\n`, 503);
  }
}

function isUpgrade(headers: Headers): boolean {
  return headers.has("upgrade") &&
    headers.get("connection")?.toLowerCase().includes("upgrade") === true;
}

function requestHeaders(
  request: Request,
  remote: RemoteService,
  identity: readonly (readonly [string, string])[],
): Record<string, string | string[]> {
  const headers: Record<string, string[]> = {};
  const asked = request.headers.get("host") ?? new URL(request.url).host;
  const forwarded: [string, string][] = [
    ["x-forwarded-host", asked],
    ["x-forwarded-proto", "https"],
    ["x-forwarded-uri", new URL(request.url).pathname],
  ];
  // A packed answer is passed back as it is: what the client can unpack is for the two of them.
  const packing = request.headers.get("accept-encoding");
  const passed = passedHeaders(request.headers);
  passed.delete("x-forwarded-for");
  passed.delete("accept-encoding");
  if (packing !== null) passed.set("accept-encoding", packing);
  for (const [name, value] of [...passed, ...identity, ...forwarded]) {
    (headers[name] ??= []).push(value);
  }
  return { ...headers, host: hostOf(remote) };
}

function responseOf({ status, statusText, headers, body }: TlsAnswer): Response {
  const all = new Headers();
  for (const [name, value] of headers) all.append(name, value);
  for (const name of connectionNames(all)) all.delete(name);
  if (BODILESS_STATUSES.has(status)) {
    body.destroy();
    return new Response(null, { status, statusText, headers: all });
  }
  return new Response(Readable.toWeb(body) as unknown as ReadableStream<Uint8Array<ArrayBuffer>>, {
    status,
    statusText,
    headers: all,
  });
}
