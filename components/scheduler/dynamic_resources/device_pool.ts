import type { CounterSet, Device, NodeSelector, ResourceSlice } from "../../api/mod.ts";
import { quantityNano } from "./amount.ts";

/** What the scheduler keeps of a resource slice. */
export interface SliceRecord {
  readonly name: string;
  readonly driver: string;
  readonly pool: string;
  readonly generation: number;
  readonly sliceCount: number;
  readonly nodeName: string;
  readonly allNodes: boolean;
  readonly nodeSelector: NodeSelector | undefined;
  /** Devices say themselves which nodes they are for. */
  readonly perDevice: boolean;
  readonly devices: readonly Device[];
  readonly sharedCounters: readonly CounterSet[];
}

export function sliceRecord({ metadata, spec = {} }: ResourceSlice): SliceRecord {
  return {
    name: metadata?.name ?? "",
    driver: spec.driver ?? "",
    pool: spec.pool?.name ?? "",
    generation: spec.pool?.generation ?? 0,
    sliceCount: spec.pool?.resourceSliceCount ?? 0,
    nodeName: spec.nodeName ?? "",
    allNodes: spec.allNodes === true,
    nodeSelector: spec.nodeSelector,
    perDevice: spec.perDeviceNodeSelection === true,
    devices: spec.devices ?? [],
    sharedCounters: spec.sharedCounters ?? [],
  };
}

/** Amounts in billionths, by counter set and counter. */
export type Counters = ReadonlyMap<string, ReadonlyMap<string, bigint>>;

/** One generation of a pool, as far as its slices have been seen. */
export interface PoolContent {
  /** `driver/pool`. */
  readonly id: string;
  readonly driver: string;
  readonly name: string;
  /** Slices with devices, by name. */
  readonly slices: readonly SliceRecord[];
  /** Slices are missing: the driver is writing them. */
  readonly incomplete: boolean;
  /** What is wrong with counters; nothing is taken from such a pool. */
  readonly invalid: string | undefined;
  readonly duplicateDevices: boolean;
  readonly bindingConditions: boolean;
  readonly counters: Counters;
}

/** The newest generation of a pool. */
export function poolContent(all: Iterable<SliceRecord>): PoolContent | undefined {
  let newest: SliceRecord[] = [];
  for (const slice of all) {
    const generation = newest[0]?.generation ?? -1;
    if (slice.generation > generation) newest = [slice];
    else if (slice.generation === generation) newest.push(slice);
  }
  const [first] = newest;
  if (first === undefined) return undefined;
  newest.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const slices = newest.filter(({ sharedCounters }) => sharedCounters.length === 0);
  const counters = new Map<string, ReadonlyMap<string, bigint>>();
  let invalid: string | undefined;
  for (const { name = "", counters: values = {} } of newest.flatMap((one) => one.sharedCounters)) {
    if (counters.has(name)) invalid ??= `duplicate counter set name ${name}`;
    counters.set(
      name,
      new Map(Object.entries(values).map(([key, { value }]) => [key, quantityNano(value)])),
    );
  }
  const names = new Set<string>();
  let duplicateDevices = false;
  let bindingConditions = false;
  for (const device of slices.flatMap(({ devices }) => devices)) {
    if (names.has(device.name ?? "")) duplicateDevices = true;
    names.add(device.name ?? "");
    if ((device.bindingConditions ?? []).length > 0) bindingConditions = true;
    invalid ??= missingCounter(device, counters);
  }
  return {
    id: `${first.driver}/${first.pool}`,
    driver: first.driver,
    name: first.pool,
    slices,
    incomplete: newest.length !== first.sliceCount,
    invalid,
    duplicateDevices,
    bindingConditions,
    counters,
  };
}

function missingCounter(device: Device, sets: Counters): string | undefined {
  for (const { counterSet = "", counters = {} } of device.consumesCounters ?? []) {
    const set = sets.get(counterSet);
    if (set === undefined) return `counter set ${counterSet} not found`;
    for (const counter of Object.keys(counters)) {
      if (!set.has(counter)) return `counter ${counter} not found in counter set ${counterSet}`;
    }
  }
  return undefined;
}

/** Pools without conditions of binding come first, then by driver and name. */
export function comparePools(a: PoolContent, b: PoolContent): number {
  if (a.bindingConditions !== b.bindingConditions) return a.bindingConditions ? 1 : -1;
  if (a.driver !== b.driver) return a.driver < b.driver ? -1 : 1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
