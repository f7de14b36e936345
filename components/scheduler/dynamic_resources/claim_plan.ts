import type {
  DeviceClass,
  DeviceConstraint,
  DeviceSubRequest,
  DeviceToleration,
  ExactDeviceRequest,
  ResourceClaim,
} from "../../api/mod.ts";
import { quantityNano } from "./amount.ts";

/** Devices that one claim gets at most. */
export const RESULTS_MAXIMUM = 32;
/** Alternatives of one request at most. */
export const ALTERNATIVES_MAXIMUM = 8;

/** One way to satisfy a request: the request itself, or one of those that it names in order of preference. */
export interface DeviceWish {
  /** As results name it: `request` or `request/subrequest`. */
  readonly name: string;
  readonly request: string;
  readonly deviceClass: DeviceClass;
  readonly mode: "ExactCount" | "All";
  readonly count: number;
  readonly adminAccess: boolean;
  readonly selectors: readonly Selector[];
  readonly tolerations: readonly DeviceToleration[];
  /** What is asked of the capacity of each device, in billionths. */
  readonly capacity: ReadonlyMap<string, bigint>;
}

export interface Selector {
  readonly expression: string;
  /** What an error begins with: `class gpu: selector #0`. */
  readonly where: string;
}

/** A claim that is to be allocated. */
export interface ClaimPlan {
  /** `namespace/name`. */
  readonly key: string;
  readonly claim: ResourceClaim;
  /** The alternatives of each request, best first. */
  readonly requests: readonly (readonly DeviceWish[])[];
  readonly constraints: readonly DeviceConstraint[];
}

/** Why a claim cannot be allocated on any node: `waits` until a class comes, or `fails`. */
export interface ClaimProblem {
  readonly kind: "waits" | "fails";
  readonly message: string;
}

/** What a claim asks for, its classes looked up. */
export function planClaim(
  claim: ResourceClaim,
  classOf: (name: string) => DeviceClass | undefined,
): ClaimPlan | ClaimProblem {
  const key = `${claim.metadata?.namespace}/${claim.metadata?.name}`;
  const { requests = [], constraints = [] } = claim.spec?.devices ?? {};
  const wishes: (readonly DeviceWish[])[] = [];
  for (const { name = "", exactly, firstAvailable = [] } of requests) {
    const ways: readonly (readonly [string, ExactDeviceRequest | DeviceSubRequest])[] =
      firstAvailable.length > 0
        ? firstAvailable.map((one) => [`${name}/${one.name}`, one] as const)
        : [[name, exactly ?? {}]];
    const alternatives: DeviceWish[] = [];
    for (const [full, way] of ways) {
      const className = way.deviceClassName ?? "";
      if (className === "") {
        return { kind: "fails", message: `request ${full}: unsupported request type` };
      }
      const deviceClass = classOf(className);
      if (deviceClass === undefined) {
        return {
          kind: "waits",
          message: `request ${full}: device class ${className} does not exist`,
        };
      }
      const mode = way.allocationMode ?? "ExactCount";
      if (mode !== "ExactCount" && mode !== "All") {
        return {
          kind: "fails",
          message: `claim ${key}, request ${full}: unsupported count mode ${mode}`,
        };
      }
      alternatives.push(wishOf(key, name, full, way, deviceClass, mode));
    }
    wishes.push(alternatives);
  }
  const problem = constraintProblem(key, constraints);
  if (problem !== undefined) return { kind: "fails", message: problem };
  return { key, claim, requests: wishes, constraints };
}

function constraintProblem(key: string, constraints: readonly DeviceConstraint[]) {
  const unknown = constraints.findIndex(({ matchAttribute, distinctAttribute }) =>
    matchAttribute === undefined && distinctAttribute === undefined
  );
  return unknown < 0
    ? undefined
    : `claim ${key}, constraint #${unknown}: empty constraint (unsupported constraint type?)`;
}

function wishOf(
  key: string,
  request: string,
  name: string,
  way: ExactDeviceRequest | DeviceSubRequest,
  deviceClass: DeviceClass,
  mode: "ExactCount" | "All",
): DeviceWish {
  const className = deviceClass.metadata?.name ?? "";
  const selectors: Selector[] = [];
  for (const [i, { cel }] of (deviceClass.spec?.selectors ?? []).entries()) {
    selectors.push({
      expression: cel?.expression ?? "",
      where: `class ${className}: selector #${i}`,
    });
  }
  for (const [i, { cel }] of (way.selectors ?? []).entries()) {
    selectors.push({ expression: cel?.expression ?? "", where: `claim ${key}: selector #${i}` });
  }
  return {
    name,
    request,
    deviceClass,
    mode,
    count: way.count ?? 1,
    adminAccess: "adminAccess" in way && way.adminAccess === true,
    selectors,
    tolerations: way.tolerations ?? [],
    capacity: new Map(
      Object.entries(way.capacity?.requests ?? {}).map((
        [resource, text],
      ) => [resource, quantityNano(text)]),
    ),
  };
}
