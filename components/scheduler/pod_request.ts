import { type Container, type Pod, quantityMilli, quantityValue } from "../api/mod.ts";

/** Whole amounts: CPU in thousandths, everything else in its own unit. */
export type Amounts = Map<string, number>;

/** What scoring assumes for a container that asks for nothing: 100m CPU, 200 MiB of memory. */
const ASSUMED_MILLI_CPU = 100;
const ASSUMED_MEMORY_BYTES = 200 * 1024 * 1024;

export interface PodRequest {
  readonly requests: Amounts;
  readonly assumedCpu: number;
  readonly assumedMemory: number;
}

/** What a pod takes on a node: containers and sidecars together, or the highest peak of its init containers. */
export function podRequest(pod: Pod): PodRequest {
  return {
    requests: effective(pod, (container) => amounts(container)),
    assumedCpu: effective(pod, assumed).get("cpu") ?? 0,
    assumedMemory: effective(pod, assumed).get("memory") ?? 0,
  };
}

function effective(pod: Pod, of: (container: Container) => Amounts): Amounts {
  const total: Amounts = new Map();
  for (const container of pod.spec?.containers ?? []) add(total, of(container));
  const sidecars: Amounts = new Map();
  const peak: Amounts = new Map();
  for (const container of pod.spec?.initContainers ?? []) {
    const own = of(container);
    if (container.restartPolicy === "Always") {
      add(sidecars, own);
      add(total, own);
      raise(peak, sidecars);
    } else {
      const together = new Map(own);
      add(together, sidecars);
      raise(peak, together);
    }
  }
  raise(total, peak);
  // Requests of the pod as a whole stand above those of its containers.
  for (const [name, quantity] of Object.entries(pod.spec?.resources?.requests ?? {})) {
    total.set(name, amount(name, quantity));
  }
  for (const [name, quantity] of Object.entries(pod.spec?.overhead ?? {})) {
    total.set(name, (total.get(name) ?? 0) + amount(name, quantity));
  }
  return total;
}

function amounts(container: Container): Amounts {
  const found: Amounts = new Map();
  for (const [name, quantity] of Object.entries(container.resources?.requests ?? {})) {
    found.set(name, amount(name, quantity));
  }
  return found;
}

function assumed(container: Container): Amounts {
  const found = amounts(container);
  if ((found.get("cpu") ?? 0) === 0) found.set("cpu", ASSUMED_MILLI_CPU);
  if ((found.get("memory") ?? 0) === 0) found.set("memory", ASSUMED_MEMORY_BYTES);
  return found;
}

function add(total: Amounts, more: Amounts): void {
  for (const [name, value] of more) total.set(name, (total.get(name) ?? 0) + value);
}

function raise(total: Amounts, other: Amounts): void {
  for (const [name, value] of other) total.set(name, Math.max(total.get(name) ?? 0, value));
}

const parsed = new Map<string, number>();
const PARSED_MAXIMUM = 4096;

/** A quantity as a whole number, CPU in thousandths; rounded up. Few different ones occur, so they are remembered. */
export function amount(resource: string, quantity: string | number): number {
  const key = resource === "cpu" ? `c${quantity}` : `q${quantity}`;
  const known = parsed.get(key);
  if (known !== undefined) return known;
  const whole = resource === "cpu"
    ? quantityMilli(String(quantity))
    : quantityValue(String(quantity));
  if (parsed.size >= PARSED_MAXIMUM) parsed.clear();
  parsed.set(key, whole);
  return whole;
}
