import type { Service } from "../api/mod.ts";
import type { PortProtocol } from "../host/mod.ts";

/** A node port that a Service has, of a protocol that is led from the machine. */
export interface NodePort {
  readonly protocol: PortProtocol;
  readonly port: number;
}

/** A node as far as it is of interest to where ports lead. */
export interface PortTarget {
  readonly name: string;
  readonly ready: boolean;
}

/** The node ports of a Service that are led from the machine: TCP and UDP. Pure. */
export function nodePortsOf(service: Service): NodePort[] {
  const { type, ports } = service.spec ?? {};
  if (type !== "NodePort" && type !== "LoadBalancer") return [];
  return (ports ?? []).flatMap(({ nodePort, protocol = "TCP" }) => {
    const name = protocol.toLowerCase();
    if (nodePort === undefined || nodePort === 0 || (name !== "tcp" && name !== "udp")) return [];
    return [{ protocol: name, port: nodePort }];
  });
}

/**
 * The node that ports lead to: the one they lead to for as long as it is Ready, since another would cut connections
 * off, then the first that is. While none is Ready they stay where they are. Pure.
 */
export function portTarget(
  current: string | undefined,
  nodes: readonly PortTarget[],
): string | undefined {
  const ready = nodes.filter((node) => node.ready);
  return ready.find(({ name }) => name === current)?.name ?? ready[0]?.name ?? current;
}

/** Whether a Service's traffic from outside is answered on the node that it came to, and nowhere else. Pure. */
export function staysLocal({ spec }: Service): boolean {
  return spec?.externalTrafficPolicy === "Local";
}

/**
 * The node that a port of such a Service leads to: of those with endpoints of it, chosen as `portTarget` does.
 * Undefined where no node has one: then it matters little where it is refused. Pure.
 */
export function localTarget(
  current: string | undefined,
  nodes: readonly PortTarget[],
  withEndpoints: ReadonlySet<string>,
): string | undefined {
  const able = nodes.filter(({ name }) => withEndpoints.has(name));
  return able.length === 0 ? undefined : portTarget(
    able.some(({ name }) => name === current) ? current : undefined,
    able,
  );
}

export function portKey({ protocol, port }: NodePort): string {
  return `${protocol}/${port}`;
}

/** Reads what `portKey` wrote. */
export function portOfKey(key: string): NodePort {
  const [protocol, port] = key.split("/");
  return { protocol: protocol as PortProtocol, port: Number(port) };
}
