/** The addresses and names of one cluster. */
export interface ClusterNetwork {
  /** Where Services get their addresses, one range a family. */
  readonly serviceCidrs: readonly string[];
  /** Where nodes get their pods' ranges, one a family. */
  readonly clusterCidrs: readonly string[];
  /** `cluster.local`. */
  readonly domain: string;
  /** The address of cluster DNS, inside the first Service range. */
  readonly dnsAddress: string;
}

/** What kubeadm and most clusters use, with a smaller Service range. */
export const DEFAULT_NETWORK: ClusterNetwork = {
  serviceCidrs: ["10.96.0.0/16"],
  clusterCidrs: ["10.244.0.0/16"],
  domain: "cluster.local",
  dnsAddress: "10.96.0.10",
};

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/** `host:port`, `[v6]:port`. Undefined for anything else. Pure. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const colon = text.lastIndexOf(":");
  const digits = text.slice(colon + 1);
  const port = Number(digits);
  if (colon < 1 || digits === "" || !Number.isInteger(port) || port < 0 || port > 65535) {
    return undefined;
  }
  const host = text.slice(0, colon);
  if (host.startsWith("[") && host.endsWith("]")) return { host: host.slice(1, -1), port };
  return host.includes(":") ? undefined : { host, port };
}

/** `https://host:port` as a client on this machine dials it. Pure. */
export function serverUrl({ host, port }: ListenAddress): string {
  const dialed = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `https://${dialed.includes(":") ? `[${dialed}]` : dialed}:${port}`;
}
