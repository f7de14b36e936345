import type { Clock } from "../../base/mod.ts";
import type { ProbeRequest, ProbeResult } from "../runtime.ts";
import { probeGrpc } from "./probe_grpc.ts";
import { probeHttp } from "./probe_http.ts";

/** Probes from the node: HTTP, TCP or gRPC, at most as long as the request says. */
export async function probe(request: ProbeRequest, clock: Clock): Promise<ProbeResult> {
  switch (request.kind) {
    case "http":
      return await probeHttp(request, clock);
    case "tcp":
      return await probeTcp(request, clock);
    case "grpc":
      return await probeGrpc(request, clock);
  }
}

async function probeTcp(request: ProbeRequest, clock: Clock): Promise<ProbeResult> {
  const { host, port, timeoutMilliseconds } = request;
  const abort = new AbortController();
  const timer = clock.after(timeoutMilliseconds, () => abort.abort());
  const target = address(host, port);
  try {
    const connection = await Deno.connect({ hostname: host, port, signal: abort.signal });
    connection.close();
    return { ok: true, output: "" };
  } catch (error) {
    const why = abort.signal.aborted ? "i/o timeout" : `connect: ${connectFailure(error)}`;
    return { ok: false, output: `dial tcp ${target}: ${why}` };
  } finally {
    timer.cancel();
  }
}

/** `10.0.0.1:80`, `[fd00::1]:80`. Pure. */
export function address(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Why a connection failed, in the words that Kubernetes' users know. Pure. */
export function connectFailure(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  for (
    const [code, words] of [
      ["ECONNREFUSED", "connection refused"],
      ["refused", "connection refused"],
      ["EHOSTUNREACH", "no route to host"],
      ["No route to host", "no route to host"],
      ["ENETUNREACH", "network is unreachable"],
      ["ECONNRESET", "connection reset by peer"],
      ["reset by peer", "connection reset by peer"],
    ] as const
  ) {
    if (text.includes(code)) return words;
  }
  return text;
}
