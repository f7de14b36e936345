import { type Random, randomInteger } from "../../base/mod.ts";
import type { EndpointSlice, Service } from "../../api/served.ts";
import type { DialTarget } from "../../serving/mod.ts";
import { isLocalAddress } from "../connect/mod.ts";
import type { ObjectReader } from "../ports.ts";
import type { ServicePort } from "./client_config.ts";

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

/**
 * A ready endpoint behind a Service's port, and the node through which it is reached. An ExternalName leads to its name.
 * Throws an `Error` that says why there is none, in upstream's words. Who may write endpoints must not reach what only
 * the API server's machine can: loopback and link-local addresses are no endpoints.
 */
export async function endpointOf(
  reader: ObjectReader,
  random: Random,
  { namespace, name, port }: ServicePort,
): Promise<DialTarget> {
  await Promise.all([
    reader.fresh("", "services"),
    reader.fresh("discovery.k8s.io", "endpointslices"),
  ]);
  const service = reader.get<Service>("", "services", namespace, name);
  if (service === undefined) throw new Error(`service ${JSON.stringify(name)} not found`);
  const { type, externalName = "" } = service.spec ?? {};
  if (type === "ExternalName") return { host: externalName, port };
  const portName = (service.spec?.ports ?? []).find((each) => each.port === port);
  if (portName === undefined) {
    throw new Error(`no service port ${port} found for service ${JSON.stringify(name)}`);
  }
  const found: DialTarget[] = [];
  for (const slice of reader.list<EndpointSlice>("discovery.k8s.io", "endpointslices", namespace)) {
    if (slice.metadata?.labels?.[SERVICE_NAME_LABEL] !== name) continue;
    const number = slice.ports?.find((each) => (each.name ?? "") === (portName.name ?? ""))?.port;
    if (number === undefined) continue;
    for (const { addresses, conditions, nodeName } of slice.endpoints ?? []) {
      const host = addresses?.[0];
      if (host === undefined || conditions?.ready === false || isLocalAddress(host)) continue;
      found.push({ host, port: number, ...(nodeName === undefined ? {} : { node: nodeName }) });
    }
  }
  const chosen = found[randomInteger(random, found.length)];
  if (chosen === undefined) {
    throw new Error(`no endpoints available for service ${JSON.stringify(name)}`);
  }
  return chosen;
}
