import type {
  EndpointSlice,
  Ingress,
  IngressClass,
  IPAddress,
  NetworkPolicy,
  Service,
  ServiceCIDR,
} from "../generated/types.ts";
import { formatLabelSelector } from "../label_selector.ts";
import type { KubeObject } from "../object.ts";
import type { TableCell } from "../resource_definition.ts";
import {
  cells,
  type CellTable,
  labelsText,
  nameOf,
  NONE,
  objectAge,
  orNone,
  shortList,
  UNSET,
} from "./cells.ts";

export const NETWORK_CELLS: CellTable = {
  "/Service": cells(serviceCells),
  "discovery.k8s.io/EndpointSlice": cells((slice: EndpointSlice, now) => [
    nameOf(slice),
    slice.addressType ?? "",
    shortList(
      (slice.ports ?? []).map(({ port, name }) => String(port ?? name ?? "*")),
      3,
      ",",
      UNSET,
    ),
    shortList((slice.endpoints ?? []).flatMap(({ addresses }) => addresses ?? []), 3, ",", UNSET),
    objectAge(slice, now),
  ]),
  "networking.k8s.io/Ingress": cells(ingressCells),
  "networking.k8s.io/IngressClass": cells(({ spec, ...object }: IngressClass, now) => [
    defaultName(object, "ingressclass.kubernetes.io/is-default-class"),
    spec?.controller ?? "",
    parametersText(spec?.parameters),
    objectAge(object, now),
  ]),
  // The third cell has no column: so it is upstream.
  "networking.k8s.io/IPAddress": cells(({ spec, ...object }: IPAddress, now) => [
    nameOf(object),
    parentText(spec?.parentRef),
    objectAge(object, now),
  ]),
  "networking.k8s.io/NetworkPolicy": cells(({ spec, ...object }: NetworkPolicy, now) => [
    nameOf(object),
    formatLabelSelector(spec?.podSelector),
    objectAge(object, now),
  ]),
  "networking.k8s.io/ServiceCIDR": cells(({ spec, ...object }: ServiceCIDR, now) => [
    nameOf(object),
    (spec?.cidrs ?? []).join(","),
    objectAge(object, now),
  ]),
};

/** The name of a class, marked where it is the default one. */
export function defaultName(object: KubeObject, annotation: string): string {
  const isDefault = object.metadata?.annotations?.[annotation] === "true";
  return isDefault ? `${nameOf(object)} (default)` : nameOf(object);
}

function serviceCells({ spec, status, ...object }: Service, now: number): TableCell[] {
  return [
    nameOf(object),
    spec?.type ?? "",
    orNone(spec?.clusterIPs?.[0] ?? spec?.clusterIP),
    externalText(spec, status),
    portsText(spec?.ports),
    objectAge(object, now),
    labelsText(spec?.selector),
  ];
}

function externalText(spec: Service["spec"], status: Service["status"]): string {
  const external = spec?.externalIPs ?? [];
  switch (spec?.type) {
    case "LoadBalancer": {
      const ingress = (status?.loadBalancer?.ingress ?? [])
        .map(({ ip, hostname }) => ip || hostname || "")
        .filter((text) => text !== "");
      const all = [...[...new Set(ingress)].sort(), ...external];
      return all.length === 0 ? "<pending>" : all.join(",");
    }
    case "ExternalName":
      return spec.externalName ?? "";
    default:
      return orNone(external.join(","));
  }
}

function portsText(ports: NonNullable<Service["spec"]>["ports"]): string {
  return orNone(
    (ports ?? []).map(({ port, nodePort, protocol }) =>
      nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`
    ).join(","),
  );
}

function ingressCells({ spec, status, ...object }: Ingress, now: number): TableCell[] {
  const hosts = (spec?.rules ?? []).map(({ host }) => host || "*");
  const addresses = (status?.loadBalancer?.ingress ?? [])
    .map(({ ip, hostname }) => ip || hostname || "")
    .filter((text) => text !== "");
  return [
    nameOf(object),
    spec?.ingressClassName ?? NONE,
    shortList(hosts, 3, ",", "*"),
    [...new Set(addresses)].sort().join(","),
    (spec?.tls?.length ?? 0) > 0 ? "80, 443" : "80",
    objectAge(object, now),
  ];
}

function parametersText(parameters: NonNullable<IngressClass["spec"]>["parameters"]): string {
  if (parameters === undefined) return NONE;
  const { kind, apiGroup, name } = parameters;
  return `${kind}${apiGroup === undefined ? "" : `.${apiGroup}`}/${name}`;
}

function parentText(parent: NonNullable<IPAddress["spec"]>["parentRef"]): string {
  if (parent === undefined) return NONE;
  const { group, resource, namespace, name } = parent;
  const full = `${resource ?? ""}${group ? `.${group}` : ""}`.toLowerCase();
  return `${full}${namespace ? `/${namespace}` : ""}/${name ?? ""}`;
}
