import type { Container, Probe } from "../api/mod.ts";
import type { ProbeRequest } from "./runtime.ts";

/** A port given by number or by a container port's name. Throws for a name that the container does not have. */
export function portNumber(container: Container, port: number | string | undefined): number {
  if (typeof port === "number") return port;
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  const number = named ?? Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) {
    throw new Error(`couldn't find port: ${JSON.stringify(port ?? "")} in container ports`);
  }
  return number;
}

/** The network request of a probe; undefined for an exec probe. Pure. */
export function probeRequest(
  probe: Probe,
  container: Container,
  sandboxId: string,
  podIP: string,
): ProbeRequest | undefined {
  const timeoutMilliseconds = (probe.timeoutSeconds ?? 1) * 1000;
  const orPod = (host: string | undefined) => host === undefined || host === "" ? podIP : host;
  if (probe.httpGet !== undefined) {
    const { host, port, path, scheme, httpHeaders } = probe.httpGet;
    return {
      kind: "http",
      sandboxId,
      host: orPod(host),
      port: portNumber(container, port),
      path: path === undefined || path === "" ? "/" : path.startsWith("/") ? path : `/${path}`,
      scheme: scheme === "HTTPS" ? "HTTPS" : "HTTP",
      headers: probeHeaders(httpHeaders ?? []),
      timeoutMilliseconds,
    };
  }
  if (probe.tcpSocket !== undefined) {
    const { host, port } = probe.tcpSocket;
    return {
      kind: "tcp",
      sandboxId,
      host: orPod(host),
      port: portNumber(container, port),
      timeoutMilliseconds,
    };
  }
  if (probe.grpc !== undefined) {
    return {
      kind: "grpc",
      sandboxId,
      host: podIP,
      port: probe.grpc.port ?? 0,
      service: probe.grpc.service ?? "",
      timeoutMilliseconds,
    };
  }
  return undefined;
}

function probeHeaders(
  given: readonly { name?: string; value?: string }[],
): { name: string; value: string }[] {
  const headers = given.map(({ name = "", value = "" }) => ({ name, value }));
  const has = (wanted: string) => headers.some(({ name }) => name.toLowerCase() === wanted);
  if (!has("user-agent")) headers.push({ name: "User-Agent", value: "kube-probe/1.36" });
  if (!has("accept")) headers.push({ name: "Accept", value: "*/*" });
  return headers;
}
