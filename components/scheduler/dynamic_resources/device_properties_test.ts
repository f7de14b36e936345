/** What holds whatever devices and claims there are: over clusters made of numbers from a seed. */
import assert from "node:assert/strict";
import { type Random, randomInteger, seededRandom } from "../../base/mod.ts";
import type {
  AllocationResult,
  Device,
  DeviceConstraint,
  ResourceClaim,
  ResourceSlice,
} from "../../api/mod.ts";
import type { Cycle } from "../framework/mod.ts";
import {
  aClaim,
  cacheOf,
  DRIVER,
  NODES,
  pluginOf,
  podFor,
  request,
  SELECTORS,
  slice,
} from "./fake_devices.ts";

const CLUSTERS = 60;
const CLAIMS = 14;
const CARD = 8;

/** A pool of a node: plain devices, some of which others may share, and parts of one card. */
function pool(random: Random, node: string, number: number): ResourceSlice[] {
  const name = `${node}-${number}`;
  const devices = Array.from({ length: 1 + randomInteger(random, 5) }, (_, i): Device => ({
    name: `d${i}`,
    attributes: { numa: { int: randomInteger(random, 2) } },
    ...(randomInteger(random, 4) === 0
      ? { allowMultipleAllocations: true, capacity: { memory: { value: "8" } } }
      : {}),
    ...(randomInteger(random, 3) === 0
      ? {
        consumesCounters: [{
          counterSet: "card",
          counters: { memory: { value: String(1 + randomInteger(random, 4)) } },
        }],
      }
      : {}),
    ...(randomInteger(random, 6) === 0 ? { taints: [{ key: "bad", effect: "NoSchedule" }] } : {}),
  }));
  return [slice(node, devices, { pool: name, of: 2 }), {
    metadata: { name: `${name}-counters` },
    spec: {
      driver: DRIVER,
      pool: { name, generation: 1, resourceSliceCount: 2 },
      sharedCounters: [{ name: "card", counters: { memory: { value: String(CARD) } } }],
    },
  }];
}

function wanted(random: Random, i: number): ResourceClaim {
  const same: DeviceConstraint = { matchAttribute: `${DRIVER}/numa` };
  const other: DeviceConstraint = { distinctAttribute: `${DRIVER}/numa` };
  const constraints = ([[], [], [same], [other]] as const)[randomInteger(random, 4)] ?? [];
  const count = 1 + randomInteger(random, 3);
  const capacity = randomInteger(random, 3) === 0
    ? { capacity: { requests: { memory: String(1 + randomInteger(random, 6)) } } }
    : {};
  return aClaim(`c${i}`, [request("r", { count, ...capacity })], [...constraints]);
}

interface Held {
  readonly claim: ResourceClaim;
  readonly allocation: AllocationResult;
}

/** What is wrong with all that has been given so far. */
function problems(held: readonly Held[], devices: ReadonlyMap<string, Device>): string[] {
  const found: string[] = [];
  const alone = new Set<string>();
  const shared = new Map<string, number>();
  for (const { claim, allocation } of held) {
    const results = allocation.devices?.results ?? [];
    const values = results.map(({ pool, device }) =>
      devices.get(`${pool}/${device}`)?.attributes?.["numa"]?.int
    );
    const [constraint] = claim.spec?.devices?.constraints ?? [];
    const kinds = new Set(values).size;
    if (constraint?.matchAttribute !== undefined && kinds !== 1) found.push("not the same");
    if (constraint?.distinctAttribute !== undefined && kinds !== values.length) {
      found.push("not distinct");
    }
    if (results.length !== claim.spec?.devices?.requests?.[0]?.exactly?.count) {
      found.push("not as many as asked for");
    }
    for (const { consumedCapacity, device, pool, shareID } of results) {
      const key = `${pool}/${device}`;
      const taint = devices.get(key)?.taints?.length ?? 0;
      if (taint > 0) found.push(`${key} is tainted`);
      if (shareID === undefined) {
        if (alone.has(key) || shared.has(key)) found.push(`${key} is taken twice`);
        alone.add(key);
      } else {
        if (alone.has(key)) found.push(`${key} is taken alone and shared`);
        shared.set(key, (shared.get(key) ?? 0) + Number(consumedCapacity?.["memory"]));
      }
    }
  }
  for (const [key, memory] of shared) if (memory > 8) found.push(`${key} gives ${memory}`);
  const cards = new Map<string, number>();
  for (const key of new Set([...alone, ...shared.keys()])) {
    const pool = key.slice(0, key.indexOf("/"));
    const used = devices.get(key)?.consumesCounters?.[0]?.counters?.["memory"]?.value ?? "0";
    cards.set(pool, (cards.get(pool) ?? 0) + Number(used));
  }
  for (const [pool, used] of cards) {
    if (used > CARD) found.push(`the card of ${pool} gives ${used}`);
  }
  return found;
}

/** Runs one cluster; answers what every claim got. */
function run(seed: number): string[] {
  const random = seededRandom(seed);
  const slices = NODES.names.flatMap((node) =>
    Array.from({ length: randomInteger(random, 3) }, (_, i) => pool(random, node, i)).flat()
  );
  const devices = new Map(
    slices.flatMap(({ spec }) =>
      (spec?.devices ?? []).map((one) => [`${spec?.pool?.name}/${one.name}`, one] as const)
    ),
  );
  const claims = Array.from({ length: CLAIMS }, (_, i) => wanted(random, i));
  const cache = cacheOf({ claims, slices });
  const plugin = pluginOf(cache);
  const held: Held[] = [];
  const answers: string[] = [];
  for (const claim of claims) {
    const cycle: Cycle = { pod: podFor(claim.metadata?.name ?? ""), profile: "", state: new Map() };
    assert.equal(plugin.begin(cycle, SELECTORS).verdict.code, "Success");
    const refused = plugin.filter(cycle, NODES.names);
    const node = NODES.names.find((name) => !refused.has(name));
    if (node === undefined) {
      answers.push("none");
      // What nobody has and nobody is kept from is refused to nobody.
      const isPlain = claim.spec?.devices?.requests?.[0]?.exactly?.count === 1 &&
        claim.spec.devices.requests[0].exactly.capacity === undefined &&
        (claim.spec.devices.constraints ?? []).length === 0;
      const free = [...devices].filter(([key, { consumesCounters, taints = [] }]) =>
        taints.length === 0 && consumesCounters === undefined &&
        !cache.allocated.isAlone(`${DRIVER}/${key}`) &&
        !cache.allocated.isShared(`${DRIVER}/${key}`)
      );
      if (isPlain) assert.deepEqual(free.map(([key]) => key), [], `seed ${seed}`);
      continue;
    }
    assert.equal(plugin.reserve(cycle, node).code, "Success");
    const { promised } = cycle.state.get(plugin.name) as {
      promised: ReadonlyMap<string, AllocationResult>;
    };
    const [allocation] = promised.values();
    held.push({ claim, allocation: allocation! });
    answers.push(
      (allocation?.devices?.results ?? []).map(({ device, pool }) => `${pool}/${device}`).join(),
    );
    assert.deepEqual(problems(held, devices), [], `seed ${seed}, ${claim.metadata?.name}`);
  }
  return answers;
}

Deno.test("no device, share or counter is given twice, and what is asked of devices holds", () => {
  let given = 0;
  for (let seed = 1; seed <= CLUSTERS; seed++) {
    given += run(seed).filter((answer) => answer !== "none").length;
  }
  assert.ok(given > CLUSTERS, `${given} claims got devices`);
});

Deno.test("the same cluster gives the same devices", () => {
  for (const seed of [3, 7, 11]) assert.deepEqual(run(seed), run(seed));
});
