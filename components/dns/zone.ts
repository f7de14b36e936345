import type { EndpointSlice, Service } from "../api/mod.ts";

/** A resource record of the cluster's zone. */
export type ZoneRecord =
  | { readonly type: "A" | "AAAA"; readonly data: string }
  | { readonly type: "CNAME" | "PTR"; readonly data: string }
  | {
    readonly type: "SRV";
    readonly data: {
      readonly priority: 0;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    };
  }
  | { readonly type: "TXT"; readonly data: string };

/** Records of one Service by full name (lower case, no dot at the end). */
export type ServiceRecords = ReadonlyMap<string, readonly ZoneRecord[]>;

/** What a Service and its slices give, after the Kubernetes DNS specification 1.1.0. Pure. */
export function serviceRecords(
  service: Service,
  slices: readonly EndpointSlice[],
  domain: string,
): ServiceRecords {
  const records = new Map<string, ZoneRecord[]>();
  const add = (name: string, record: ZoneRecord) => {
    const key = name.toLowerCase();
    const known = records.get(key);
    if (known === undefined) records.set(key, [record]);
    else known.push(record);
  };
  const { name = "", namespace = "" } = service.metadata ?? {};
  const spec = service.spec ?? {};
  const host = `${name}.${namespace}.svc.${domain}`;

  if (spec.type === "ExternalName") {
    if (spec.externalName !== undefined) add(host, { type: "CNAME", data: spec.externalName });
    return records;
  }
  if (spec.clusterIP !== undefined && spec.clusterIP !== "" && spec.clusterIP !== "None") {
    for (const ip of spec.clusterIPs ?? [spec.clusterIP]) {
      add(host, { type: ip.includes(":") ? "AAAA" : "A", data: ip });
      add(reverseName(ip), { type: "PTR", data: host });
    }
    for (const port of spec.ports ?? []) {
      if (port.name === undefined || port.name === "") continue;
      const protocol = (port.protocol ?? "TCP").toLowerCase();
      add(`_${port.name}._${protocol}.${host}`, {
        type: "SRV",
        data: { priority: 0, weight: 100, port: port.port ?? 0, target: host },
      });
    }
    return records;
  }
  addHeadless(add, host, slices);
  return records;
}

function addHeadless(
  add: (name: string, record: ZoneRecord) => void,
  host: string,
  slices: readonly EndpointSlice[],
): void {
  const seen = new Set<string>();
  for (const slice of slices) {
    if (slice.addressType !== "IPv4" && slice.addressType !== "IPv6") continue;
    const type = slice.addressType === "IPv4" ? "A" : "AAAA";
    for (const endpoint of slice.endpoints ?? []) {
      if (endpoint.conditions?.ready === false) continue;
      for (const address of endpoint.addresses ?? []) {
        const label = endpoint.hostname ?? address.replaceAll(/[.:]/g, "-");
        const target = `${label}.${host}`;
        if (!seen.has(`${label}/${address}`)) {
          seen.add(`${label}/${address}`);
          add(host, { type, data: address });
          add(target, { type, data: address });
          if (endpoint.hostname !== undefined) {
            add(reverseName(address), { type: "PTR", data: target });
          }
        }
        for (const port of slice.ports ?? []) {
          if (port.name === undefined || port.name === "" || port.port === undefined) continue;
          const protocol = (port.protocol ?? "TCP").toLowerCase();
          add(`_${port.name}._${protocol}.${host}`, {
            type: "SRV",
            data: { priority: 0, weight: 100, port: port.port, target },
          });
        }
      }
    }
  }
}

/** The name under which an address has its PTR record. */
export function reverseName(address: string): string {
  if (!address.includes(":")) return `${address.split(".").reverse().join(".")}.in-addr.arpa`;
  const [head = "", tail = ""] = address.toLowerCase().split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === "" ? [] : tail.split(":");
  const middle = address.includes("::") ? new Array(8 - left.length - right.length).fill("0") : [];
  const digits = [...left, ...middle, ...right].map((group) => group.padStart(4, "0")).join("");
  return `${[...digits].reverse().join(".")}.ip6.arpa`;
}
