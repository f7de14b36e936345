import { equalJson } from "../../../base/mod.ts";
import type {
  Device,
  ResourcePool,
  ResourceSlice,
  ResourceSliceSpec,
} from "../../generated/types.ts";
import { dnsSubdomainProblems } from "../../names.ts";
import type { Errors } from "../errors.ts";
import { IMMUTABLE } from "../metadata.ts";
import { Path } from "../path.ts";
import { validateNodeSelector } from "../pod/scheduling.ts";
import { validateDriverName } from "../storage_drivers.ts";
import { validateCounters, validateDevice } from "./device.ts";
import { validateItems, validateLabelName, validatePoolName } from "./names.ts";

const SPEC = Path.of("spec");
const DEVICES_MAXIMUM = 128;
/** Where devices have taints or share counters. */
const ADVANCED_DEVICES_MAXIMUM = 64;
const COUNTER_SETS_MAXIMUM = 8;

export function validateSlice({ spec = {} }: ResourceSlice, errors: Errors): void {
  validateSpec(spec, undefined, errors);
}

export function validateSliceUpdate(
  { spec = {} }: ResourceSlice,
  old: ResourceSlice,
  errors: Errors,
): void {
  validateSpec(spec, old.spec, errors);
}

function validateSpec(
  spec: ResourceSliceSpec,
  old: ResourceSliceSpec | undefined,
  errors: Errors,
): void {
  validateDriverName(spec.driver ?? "", SPEC.child("driver"), errors);
  validatePool(spec.pool ?? {}, SPEC.child("pool"), errors);
  if (old !== undefined) {
    if (spec.pool?.name !== old.pool?.name) {
      errors.invalid(SPEC.child("pool").child("name"), spec.pool?.name ?? "", IMMUTABLE);
    }
    for (const member of ["driver", "nodeName"] as const) {
      if (spec[member] === old[member]) continue;
      errors.invalid(SPEC.child(member), spec[member] ?? null, IMMUTABLE);
    }
  }
  validatePlace(spec, errors);
  const { devices, sharedCounters } = spec;
  if (devices !== undefined && sharedCounters !== undefined) {
    errors.invalid(SPEC, "", "only one of `sharedCounters` or `devices` is allowed");
  }
  const advanced = devices?.some(({ taints, consumesCounters }) =>
    (taints?.length ?? 0) > 0 || (consumesCounters?.length ?? 0) > 0
  );
  const before = new Map<string | undefined, Device>(
    (old?.devices ?? []).map((device) => [device.name, device]),
  );
  validateItems(
    devices,
    advanced ? ADVANCED_DEVICES_MAXIMUM : DEVICES_MAXIMUM,
    SPEC.child("devices"),
    errors,
    (device, at) =>
      validateDevice(
        device,
        before.get(device.name),
        spec.perDeviceNodeSelection === true,
        at,
        errors,
      ),
    ({ name = "" }) => name,
  );
  validateItems(
    sharedCounters,
    COUNTER_SETS_MAXIMUM,
    SPEC.child("sharedCounters"),
    errors,
    ({ name = "", counters }, at) => {
      if (name === "") errors.required(at.child("name"));
      else validateLabelName(name, at.child("name"), errors);
      validateCounters(counters, at.child("counters"), errors);
    },
    ({ name = "" }) => name,
  );
}

function validatePool(pool: ResourcePool, path: Path, errors: Errors): void {
  const { name = "", resourceSliceCount: count = 0, generation = 0 } = pool;
  validatePoolName(name, path.child("name"), errors);
  if (count <= 0) {
    errors.invalid(path.child("resourceSliceCount"), count, "must be greater than zero");
  }
  if (generation < 0) {
    errors.invalid(
      path.child("generation"),
      generation,
      "must be greater than or equal to zero",
    );
  }
}

const PLACES =
  "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";

function validatePlace(spec: ResourceSliceSpec, errors: Errors): void {
  const { nodeName, nodeSelector } = spec;
  const given: string[] = [];
  if (nodeName === "") {
    errors.invalid(
      SPEC.child("nodeName"),
      "",
      "must be either unset or set to a non-empty string",
    );
  } else if (nodeName !== undefined) {
    given.push("`nodeName`");
    errors.invalidAll(SPEC.child("nodeName"), nodeName, dnsSubdomainProblems(nodeName));
  }
  if (nodeSelector !== undefined) {
    given.push("`nodeSelector`");
    const at = SPEC.child("nodeSelector");
    validateNodeSelector(nodeSelector, at, errors);
    const terms = nodeSelector.nodeSelectorTerms ?? [];
    if (terms.length !== 1) {
      errors.invalid(
        at.child("nodeSelectorTerms"),
        terms,
        "must have exactly one node selector term",
      );
    }
  }
  for (const member of ["allNodes", "perDeviceNodeSelection"] as const) {
    if (spec[member] === true) given.push(`\`${member}\``);
    else if (spec[member] === false) {
      errors.invalid(SPEC.child(member), false, "must be either unset or set to true");
    }
  }
  if (given.length === 0) errors.required(SPEC, PLACES);
  else if (given.length > 1) {
    errors.invalid(SPEC, `{${given.join(", ")}}`, `${PLACES}, but multiple fields are set`);
  }
}

/** Gives up what belongs to features that are off, unless the slice has it already. */
export function dropUnknownMembers(next: ResourceSlice, previous?: ResourceSlice): void {
  const before = new Map((previous?.spec?.devices ?? []).map((device) => [device.name, device]));
  for (const device of next.spec?.devices ?? []) {
    const old = before.get(device.name);
    if (old?.nodeAllocatableResourceMappings === undefined) {
      delete device.nodeAllocatableResourceMappings;
    }
    for (const [name, attribute] of Object.entries(device.attributes ?? {})) {
      if (equalJson(attribute, old?.attributes?.[name])) continue;
      for (const member of ["bools", "ints", "strings", "versions"] as const) {
        delete attribute[member];
      }
    }
  }
}
