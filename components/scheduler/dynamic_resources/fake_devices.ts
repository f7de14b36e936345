import { FakeClock, seededRandom } from "../../base/mod.ts";
import type {
  Device,
  DeviceClass,
  DeviceConstraint,
  DeviceRequest,
  ExactDeviceRequest,
  Pod,
  ResourceClaim,
  ResourceSlice,
} from "../../api/mod.ts";
import { FakeNodes } from "../volumes/fake_nodes.ts";
import type { ClaimWriter } from "./claim_writer.ts";
import { sliceRecord } from "./device_pool.ts";
import { DeviceSelectors } from "./device_selectors.ts";
import { DynamicResources } from "./dynamic_resources.ts";
import { ResourceClaimCache } from "./resource_claim_cache.ts";

export const DRIVER = "gpu.example.com";

export const SELECTORS = new DeviceSelectors();

/** Objects of tests, short to write. */
export interface World {
  readonly claims: readonly ResourceClaim[];
  readonly classes?: readonly DeviceClass[];
  readonly slices: readonly ResourceSlice[];
}

export const GPU: DeviceClass = {
  metadata: { name: "gpu" },
  spec: { selectors: [{ cel: { expression: `device.driver == "${DRIVER}"` } }] },
};

export function cacheOf({ claims, classes = [GPU], slices }: World): ResourceClaimCache {
  const cache = new ResourceClaimCache();
  for (const claim of claims) {
    cache.putClaim(`${claim.metadata?.namespace}/${claim.metadata?.name}`, claim);
  }
  for (const one of classes) cache.putClass(one.metadata?.name ?? "", one);
  for (const one of slices) cache.pools.put(one.metadata?.name ?? "", sliceRecord(one));
  return cache;
}

/** Devices that a node has: names, or names with what else they are. */
export function slice(
  node: string,
  devices: readonly (string | Device)[],
  options: { pool?: string; generation?: number; of?: number; name?: string } = {},
): ResourceSlice {
  const { pool = node, generation = 1, of = 1 } = options;
  return {
    metadata: { name: options.name ?? `${pool}-${generation}` },
    spec: {
      driver: DRIVER,
      nodeName: node,
      pool: { name: pool, generation, resourceSliceCount: of },
      devices: devices.map((one) => typeof one === "string" ? { name: one } : one),
    },
  };
}

export function request(name: string, options: ExactDeviceRequest = {}): DeviceRequest {
  return { name, exactly: { deviceClassName: "gpu", ...options } };
}

export function aClaim(
  name: string,
  requests: DeviceRequest[],
  constraints: DeviceConstraint[] = [],
): ResourceClaim {
  return {
    metadata: { name, namespace: "d", uid: `uid-${name}`, resourceVersion: "1" },
    spec: { devices: { requests, constraints } },
  };
}

/** A claim that has devices of a node's pool. */
export function allocated(name: string, node: string, ...devices: string[]): ResourceClaim {
  return {
    ...aClaim(name, [request("r")]),
    status: {
      allocation: {
        devices: {
          results: devices.map((device) => ({ request: "r", driver: DRIVER, pool: node, device })),
        },
        nodeSelector: {
          nodeSelectorTerms: [{
            matchFields: [{ key: "metadata.name", operator: "In", values: [node] }],
          }],
        },
      },
    },
  };
}

export function podFor(...claims: string[]): Pod {
  return {
    metadata: { name: "p", namespace: "d", uid: "uid-p" },
    spec: {
      containers: [{ name: "c" }],
      resourceClaims: claims.map((resourceClaimName, i) => ({ name: `c${i}`, resourceClaimName })),
    },
  };
}

export const NODES = new FakeNodes({
  n1: { zone: "a" },
  n2: { zone: "b" },
  n3: {},
});

export function pluginOf(
  cache: ResourceClaimCache,
  writer?: ClaimWriter,
  clock = new FakeClock(),
): DynamicResources {
  return new DynamicResources({
    cache,
    nodes: NODES,
    allocatable: () => ({}),
    writer: writer as ClaimWriter,
    clock,
    random: seededRandom(1),
    bindingTimeoutSeconds: 600,
    selectors: SELECTORS,
    signal: new AbortController().signal,
  });
}
