import { type Clock, notImplemented } from "../../base/mod.ts";
import { takeConnection } from "../../serving/mod.ts";
import type { StreamPipe } from "../kubelet_connector.ts";
import { backendError, type BridgeOptions } from "./client_socket.ts";
import { bridge } from "./message_bridge.ts";
import { upgraded } from "../upgraded.ts";

const VERSION_HEADER = "X-Stream-Protocol-Version";
const ACCEPTED_HEADER = "X-Accepted-Stream-Protocol-Versions";
/** Of a refusal of the other end, what is told on. */
const REFUSAL_MAXIMUM_BYTES = 2048;

export function isSpdyUpgrade(request: Request): boolean {
  return request.headers.get("upgrade")?.toLowerCase().startsWith("spdy/") === true;
}

/** Accepts a client's SPDY/3.1 connection. What is refused is refused in plain text, as a kubelet does. */
export async function serveSpdy(
  request: Request,
  options: BridgeOptions,
  clock: Clock,
): Promise<Response> {
  const { spdy } = options;
  const offered = (request.headers.get(VERSION_HEADER) ?? "").split(",")
    .map((each) => each.trim()).filter((each) => each !== "");
  const refused = refuseProtocol(offered, spdy.protocols);
  if (refused !== undefined) return refused;
  const protocol = offered.find((each) => spdy.protocols.includes(each)) ?? "";
  let backend: StreamPipe;
  try {
    backend = await options.open(spdy.backend);
  } catch (error) {
    return await refusal(options, error);
  }
  const taken = takeConnection(request, [
    ["Connection", "Upgrade"],
    ["Upgrade", "SPDY/3.1"],
    [VERSION_HEADER, protocol],
  ]);
  if (taken === undefined) {
    backend.close();
    throw notImplemented("streaming over SPDY on a connection that has carried other requests");
  }
  return upgraded(taken.response, bridge(spdy.pipe(taken.pipe, protocol), backend, clock));
}

/** Upstream's answers to a client that offers no version, or none that is spoken here. Pure. */
function refuseProtocol(
  offered: readonly string[],
  accepted: readonly string[],
): Response | undefined {
  if (offered.length === 0) return plain(400, `unable to upgrade: ${VERSION_HEADER} is required`);
  if (offered.some((each) => accepted.includes(each))) return undefined;
  const lists = `client supports [${offered.join(" ")}], server accepts [${accepted.join(" ")}]`;
  const response = plain(403, `unable to upgrade: unable to negotiate protocol: ${lists}`);
  for (const each of accepted) response.headers.append(ACCEPTED_HEADER, each);
  return response;
}

/** What the other end answers instead of an upgrade, in its own words. */
async function refusal({ ask }: BridgeOptions, error: unknown): Promise<Response> {
  const answer = await ask().catch(() => {
    throw backendError(error);
  });
  const text = (await answer.text()).slice(0, REFUSAL_MAXIMUM_BYTES).trimEnd();
  // It would take an upgrade: what went wrong is the way there.
  if (answer.status === 400) throw backendError(error);
  return plain(answer.status, text);
}

function plain(status: number, text: string): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
  });
}
