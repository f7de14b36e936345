import { lazyRole, type Role, type RoleOptions } from "./role.ts";

export interface DnsRoleOptions extends RoleOptions {
  readonly domain: string;
  readonly host: string;
  readonly port: number;
  /** Asked for names outside the cluster. */
  readonly upstreams: readonly string[];
}

/** Cluster DNS over a connection. */
export function dnsRole(options: DnsRoleOptions): Role {
  const { connection, clock, logger, domain, host, port, upstreams } = options;
  const client = connection.client;
  return lazyRole("dns", async () => {
    const { startDns } = await import("../../dns/mod.ts");
    const dns = startDns({ client, clock, logger, domain, host, port, upstreams });
    return { name: "dns", ready: dns.ready.then(() => {}), end: () => dns.end() };
  });
}

/** The nameservers of a resolver file. Pure. */
export function nameservers(resolverFile: string): string[] {
  return resolverFile.split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([word, address]) => word === "nameserver" && address !== undefined)
    .map(([, address]) => address!);
}
