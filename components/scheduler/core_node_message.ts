import type { Node } from "../api/mod.ts";
import { type CoreWriter, wholeNumber } from "./core_writer.ts";
import { amount } from "./pod_request.ts";

export const PUT_NODE = 1;
export const REMOVE_NODE = 2;

export const EFFECTS: Readonly<Record<string, number>> = {
  NoSchedule: 1,
  PreferNoSchedule: 2,
  NoExecute: 3,
};
/** Resources that have a place of their own in every message. */
const PLAIN_RESOURCES = new Set(["cpu", "memory", "ephemeral-storage", "pods"]);

/** Writes a node. `attachLimits`: volumes that it can attach, by driver. */
export function putNode(
  out: CoreWriter,
  node: Node,
  attachLimits: Readonly<Record<string, number>> = {},
): void {
  const { allocatable = {}, images = [], declaredFeatures = [] } = node.status ?? {};
  const labels = node.metadata?.labels ?? {};
  const quantity = (name: string) => {
    const value = allocatable[name];
    out.number(value === undefined ? 0 : amount(name, value));
  };
  out.number(PUT_NODE);
  out.text(node.metadata?.name ?? "");
  out.text(zoneOf(labels));
  out.flag(node.spec?.unschedulable === true);
  quantity("cpu");
  quantity("memory");
  quantity("ephemeral-storage");
  quantity("pods");
  list(out, Object.keys(allocatable).filter((name) => !PLAIN_RESOURCES.has(name)), (name) => {
    out.text(name);
    out.number(amount(name, allocatable[name]!));
  });
  list(out, Object.keys(labels), (key) => {
    const value = labels[key]!;
    out.text(key);
    out.text(value);
    out.number(wholeNumber(value));
  });
  list(out, node.spec?.taints ?? [], ({ key = "", value = "", effect = "" }) => {
    out.text(key);
    out.text(value);
    out.number(EFFECTS[effect] ?? 0);
    out.number(wholeNumber(value));
  });
  const names = out.room();
  let count = 0;
  for (const image of images) {
    for (const name of image.names ?? []) {
      out.text(name);
      out.number(image.sizeBytes ?? 0);
      count++;
    }
  }
  out.set(names, count);
  out.texts(declaredFeatures);
  list(out, Object.keys(attachLimits), (driver) => {
    out.text(driver);
    out.number(attachLimits[driver]!);
  });
}

export function removeNode(out: CoreWriter, name: string): void {
  out.number(REMOVE_NODE);
  out.text(name);
}

/** Zones are told apart by region and zone; nodes are looked at zone by zone in turn. */
function zoneOf(labels: Readonly<Record<string, string>>): string {
  const region = labels["topology.kubernetes.io/region"] ??
    labels["failure-domain.beta.kubernetes.io/region"] ?? "";
  const zone = labels["topology.kubernetes.io/zone"] ??
    labels["failure-domain.beta.kubernetes.io/zone"] ?? "";
  return region === "" && zone === "" ? "" : `${region}\n${zone}`;
}

function list<T>(out: CoreWriter, items: readonly T[], write: (item: T) => void): void {
  out.number(items.length);
  for (const item of items) write(item);
}
