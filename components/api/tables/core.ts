import { ageOf } from "../human_duration.ts";
import type {
  ComponentStatus,
  ConfigMap,
  Endpoints,
  Event,
  EventsV1Event,
  Namespace,
  Node,
  PodTemplate,
  ReplicationController,
  ResourceQuota,
  Secret,
} from "../generated/types.ts";
import type { TableCell } from "../resource_definition.ts";
import {
  cells,
  type CellTable,
  labelsText,
  nameAndAge,
  nameAndCreation,
  nameOf,
  NONE,
  objectAge,
  shortList,
  templateCells,
  UNKNOWN,
} from "./cells.ts";
import { podCells } from "./pods.ts";

export const CORE_CELLS: CellTable = {
  "/ComponentStatus": cells((status: ComponentStatus) => {
    const healthy = status.conditions?.find(({ type }) => type === "Healthy");
    const word = healthy === undefined
      ? "Unknown"
      : healthy.status === "True"
      ? "Healthy"
      : "Unhealthy";
    return [nameOf(status), word, healthy?.message ?? "", healthy?.error ?? ""];
  }),
  "/ConfigMap": cells((map: ConfigMap, now) => [
    nameOf(map),
    Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length,
    objectAge(map, now),
  ]),
  "/Endpoints": cells((endpoints: Endpoints, now) => [
    nameOf(endpoints),
    endpointsText(endpoints),
    objectAge(endpoints, now),
  ]),
  "/Event": cells(coreEventCells),
  "events.k8s.io/Event": cells(eventCells),
  "/LimitRange": nameAndCreation,
  "/Namespace": cells((namespace: Namespace, now) => [
    nameOf(namespace),
    namespace.status?.phase ?? "",
    objectAge(namespace, now),
  ]),
  "/Node": cells(nodeCells),
  "/Pod": cells(podCells),
  "/PodTemplate": cells(({ template, ...object }: PodTemplate) => [
    nameOf(object),
    ...templateCells(template),
    labelsText(template?.metadata?.labels),
  ]),
  "/ReplicationController": cells((controller: ReplicationController, now) => [
    nameOf(controller),
    controller.spec?.replicas ?? 0,
    controller.status?.replicas ?? 0,
    controller.status?.readyReplicas ?? 0,
    objectAge(controller, now),
    ...templateCells(controller.spec?.template),
    labelsText(controller.spec?.selector),
  ]),
  "/ResourceQuota": cells(quotaCells),
  "/Secret": cells((secret: Secret, now) => [
    nameOf(secret),
    secret.type ?? "",
    Object.keys(secret.data ?? {}).length,
    objectAge(secret, now),
  ]),
  "/ServiceAccount": nameAndAge,
};

function endpointsText({ subsets }: Endpoints): string {
  const all: string[] = [];
  for (const { addresses, ports } of subsets ?? []) {
    for (const { ip } of addresses ?? []) {
      if (ports === undefined || ports.length === 0) all.push(ip ?? "");
      for (const { port } of ports ?? []) all.push(joinHostPort(ip ?? "", port ?? 0));
    }
  }
  return shortList(all, 3, ",", NONE);
}

const joinHostPort = (host: string, port: number): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

function nodeCells(node: Node, now: number): TableCell[] {
  const { nodeInfo, addresses, conditions } = node.status ?? {};
  const ready = conditions?.find(({ type }) => type === "Ready");
  const state = ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady";
  const address = (wanted: string) =>
    addresses?.find(({ type }) => type === wanted)?.address ?? NONE;
  const { kernelVersion, architecture } = nodeInfo ?? {};
  return [
    nameOf(node),
    node.spec?.unschedulable === true ? `${state},SchedulingDisabled` : state,
    nodeRoles(node),
    objectAge(node, now),
    nodeInfo?.kubeletVersion ?? "",
    address("InternalIP"),
    address("ExternalIP"),
    nodeInfo?.osImage || UNKNOWN,
    kernelVersion ? architecture ? `${kernelVersion} (${architecture})` : kernelVersion : UNKNOWN,
    nodeInfo?.containerRuntimeVersion || UNKNOWN,
  ];
}

const ROLE_PREFIX = "node-role.kubernetes.io/";

function nodeRoles(node: Node): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata?.labels ?? {})) {
    if (key.startsWith(ROLE_PREFIX)) {
      const role = key.slice(ROLE_PREFIX.length);
      if (role !== "") roles.add(role);
    } else if (key === "kubernetes.io/role" && value !== "") roles.add(value);
  }
  return roles.size === 0 ? NONE : [...roles].sort().join(",");
}

function quotaCells(quota: ResourceQuota, now: number): TableCell[] {
  const { hard, used } = quota.status ?? {};
  const entries = Object.keys(hard ?? {}).sort();
  const text = (names: string[]) =>
    names.map((name) => `${name}: ${used?.[name] ?? "0"}/${hard?.[name] ?? "0"}`).join(", ");
  const isLimit = (name: string) => name.startsWith("limits.");
  return [
    nameOf(quota),
    text(entries.filter((name) => !isLimit(name))),
    text(entries.filter(isLimit)),
    objectAge(quota, now),
  ];
}

/** An event of either group, in the words of the core one. */
interface EventFacts {
  readonly involved: { kind?: string; name?: string; fieldPath?: string } | undefined;
  readonly first: string | undefined;
  readonly last: string | undefined;
  readonly count: number | undefined;
  readonly message: string | undefined;
  readonly source: readonly (string | undefined)[];
}

function coreEventCells(event: Event, now: number): TableCell[] {
  return factCells(event, now, {
    involved: event.involvedObject,
    first: event.firstTimestamp,
    last: event.lastTimestamp,
    count: event.count,
    message: event.message,
    source: [
      event.source?.component || event.reportingComponent,
      event.source?.host || event.reportingInstance,
    ],
  });
}

function eventCells(event: EventsV1Event, now: number): TableCell[] {
  return factCells(event, now, {
    involved: event.regarding,
    first: event.deprecatedFirstTimestamp,
    last: event.deprecatedLastTimestamp,
    count: event.deprecatedCount,
    message: event.note,
    source: [
      event.deprecatedSource?.component || event.reportingController,
      event.deprecatedSource?.host || event.reportingInstance,
    ],
  });
}

function factCells(event: Event | EventsV1Event, now: number, facts: EventFacts): TableCell[] {
  const first = ageOf(facts.first ?? event.eventTime, now);
  const last = event.series !== undefined
    ? ageOf(event.series.lastObservedTime, now)
    : facts.last
    ? ageOf(facts.last, now)
    : first;
  const { kind, name, fieldPath } = facts.involved ?? {};
  const target = (kind ?? "").toLowerCase() + (name ? `/${name}` : "");
  return [
    last,
    event.type ?? "",
    event.reason ?? "",
    target,
    fieldPath ?? "",
    facts.source.filter(Boolean).join(", "),
    (facts.message ?? "").trim(),
    first,
    event.series?.count ?? (facts.count || 1),
    nameOf(event),
  ];
}
