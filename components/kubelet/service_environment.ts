import type { Service } from "../api/mod.ts";

/**
 * The variables by which containers find Services without DNS: those of their own namespace where service links are
 * wanted, and of the API server always. Pure.
 */
export function serviceEnvironment(
  services: readonly Service[],
  namespace: string,
  serviceLinks: boolean,
): Map<string, string> {
  const environment = new Map<string, string>();
  // The namespace's own win over the API server's of the same name.
  const sorted = [...services].sort((a, b) => rank(a, namespace) - rank(b, namespace));
  for (const service of sorted) {
    const { name = "", namespace: home = "" } = service.metadata ?? {};
    const isMaster = home === "default" && name === "kubernetes";
    if (!isMaster && !(serviceLinks && home === namespace)) continue;
    addService(environment, service);
  }
  return environment;
}

function rank(service: Service, namespace: string): number {
  return service.metadata?.namespace === namespace ? 1 : 0;
}

function addService(environment: Map<string, string>, service: Service): void {
  const { clusterIP, ports = [] } = service.spec ?? {};
  const [first] = ports;
  if (clusterIP === undefined || clusterIP === "" || clusterIP === "None" || first === undefined) {
    return;
  }
  const prefix = variableName(service.metadata?.name ?? "");
  const host = clusterIP.includes(":") ? `[${clusterIP}]` : clusterIP;
  environment.set(`${prefix}_SERVICE_HOST`, clusterIP);
  environment.set(`${prefix}_SERVICE_PORT`, String(first.port));
  for (const { name, port } of ports) {
    if (name === undefined || name === "") continue;
    environment.set(`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port));
  }
  for (const [index, { port, protocol = "TCP" }] of ports.entries()) {
    const url = `${protocol.toLowerCase()}://${host}:${port}`;
    if (index === 0) environment.set(`${prefix}_PORT`, url);
    const each = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
    environment.set(each, url);
    environment.set(`${each}_PROTO`, protocol.toLowerCase());
    environment.set(`${each}_PORT`, String(port));
    environment.set(`${each}_ADDR`, clusterIP);
  }
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll("-", "_");
}
