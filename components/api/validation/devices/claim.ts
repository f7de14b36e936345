import { equalJson } from "../../../base/mod.ts";
import type {
  DeviceClaim,
  DeviceClass,
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  ExactDeviceRequest,
  ResourceClaim,
  ResourceClaimTemplate,
} from "../../generated/types.ts";
import { dnsSubdomainProblems } from "../../names.ts";
import type { Errors } from "../errors.ts";
import { IMMUTABLE, validateAnnotations, validateLabels } from "../metadata.ts";
import { Path } from "../path.ts";
import { isExtended } from "../pod/resources.ts";
import { validateFullName, validateItems, validateLabelName } from "./names.ts";
import { validateOpaque, validateSelectors } from "./selector.ts";
import { validateDeviceTolerations } from "./taint.ts";

const SPEC = Path.of("spec");
export const REQUESTS_MAXIMUM = 32;
const CONSTRAINTS_MAXIMUM = 32;
export const CONFIGURATIONS_MAXIMUM = 32;
const ALTERNATIVES_MAXIMUM = 8;

export function validateClass(next: DeviceClass, errors: Errors): void {
  validateClassSpec(next, undefined, errors);
}

export function validateClassUpdate(next: DeviceClass, old: DeviceClass, errors: Errors): void {
  validateClassSpec(next, old, errors);
}

function validateClassSpec(
  { spec = {} }: DeviceClass,
  old: DeviceClass | undefined,
  errors: Errors,
): void {
  const same = (member: "selectors" | "config") =>
    old !== undefined && equalJson(spec[member], old.spec?.[member]);
  validateSelectors(spec.selectors, SPEC.child("selectors"), errors, same("selectors"));
  const stored = same("config");
  const at = SPEC.child("config");
  validateItems(spec.config, CONFIGURATIONS_MAXIMUM, at, errors, ({ opaque }, path) => {
    validateOpaque(opaque, path, errors, stored);
  });
  const name = spec.extendedResourceName;
  if (name !== undefined && !isExtended(name)) {
    errors.invalid(
      SPEC.child("extendedResourceName"),
      name,
      "must be a valid extended resource name",
    );
  }
}

export function validateClaim({ spec }: ResourceClaim, errors: Errors): void {
  validateDevices(spec?.devices, SPEC.child("devices"), errors);
}

export function validateClaimUpdate(
  next: ResourceClaim,
  old: ResourceClaim,
  errors: Errors,
): void {
  if (!equalJson(next.spec, old.spec)) errors.invalid(SPEC, next.spec ?? null, IMMUTABLE);
}

export function validateTemplate({ spec }: ResourceClaimTemplate, errors: Errors): void {
  const metadata = SPEC.child("metadata");
  validateAnnotations(spec?.metadata?.annotations, metadata.child("annotations"), errors);
  validateLabels(spec?.metadata?.labels, metadata.child("labels"), errors);
  validateDevices(spec?.spec?.devices, SPEC.child("spec").child("devices"), errors);
}

export function validateTemplateUpdate(
  next: ResourceClaimTemplate,
  old: ResourceClaimTemplate,
  errors: Errors,
): void {
  if (!equalJson(next.spec, old.spec)) errors.invalid(SPEC, next.spec ?? null, IMMUTABLE);
}

/** The names that a claim's parts may refer to: `request` and `request/alternative`. */
export function requestNames(claim: DeviceClaim | undefined): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { name = "", firstAvailable = [] } of claim?.requests ?? []) {
    names.add(name);
    for (const { name: below = "" } of firstAvailable) names.add(`${name}/${below}`);
  }
  return names;
}

function validateDevices(claim: DeviceClaim | undefined, path: Path, errors: Errors): void {
  const known = requestNames(claim);
  validateItems(
    claim?.requests,
    REQUESTS_MAXIMUM,
    path.child("requests"),
    errors,
    (request, at) => validateRequest(request, at, errors),
    ({ name = "" }) => name,
  );
  const constraints = path.child("constraints");
  validateItems(claim?.constraints, CONSTRAINTS_MAXIMUM, constraints, errors, (constraint, at) => {
    validateConstraint(constraint, known, at, errors);
  });
  const config = path.child("config");
  validateItems(claim?.config, CONFIGURATIONS_MAXIMUM, config, errors, (one, at) => {
    validateReferences(one.requests, known, at.child("requests"), errors);
    validateOpaque(one.opaque, at, errors);
  });
}

const ONE_OF = "exactly one of `exactly` or `firstAvailable` is required";

function validateRequest(request: DeviceRequest, path: Path, errors: Errors): void {
  const { name = "", exactly, firstAvailable = [] } = request;
  validateLabelName(name, path.child("name"), errors);
  if (exactly === undefined && firstAvailable.length === 0) errors.required(path, ONE_OF);
  else if (exactly !== undefined && firstAvailable.length > 0) {
    errors.invalid(path, null, `${ONE_OF}, but multiple fields are set`);
  } else if (exactly !== undefined) validateExact(exactly, path.child("exactly"), errors);
  else {
    validateItems(
      firstAvailable,
      ALTERNATIVES_MAXIMUM,
      path.child("firstAvailable"),
      errors,
      (alternative, at) => {
        validateLabelName(alternative.name ?? "", at.child("name"), errors);
        validateExact(alternative, at, errors);
      },
      ({ name: below = "" }) => below,
    );
  }
}

/** What a request and an alternative have in common. */
function validateExact(
  request: ExactDeviceRequest | DeviceSubRequest,
  path: Path,
  errors: Errors,
): void {
  const { deviceClassName = "", selectors, allocationMode = "", count = 0, tolerations } = request;
  const at = path.child("deviceClassName");
  if (deviceClassName === "") errors.required(at);
  else errors.invalidAll(at, deviceClassName, dnsSubdomainProblems(deviceClassName));
  validateSelectors(selectors, path.child("selectors"), errors);
  if (allocationMode === "All") {
    if (count !== 0) {
      errors.invalid(
        path.child("count"),
        count,
        "must not be specified when allocationMode is 'All'",
      );
    }
  } else if (allocationMode === "ExactCount") {
    if (count <= 0) errors.invalid(path.child("count"), count, "must be greater than zero");
  } else {
    errors.notSupported(path.child("allocationMode"), allocationMode, ["All", "ExactCount"]);
  }
  validateDeviceTolerations(tolerations, path.child("tolerations"), errors);
}

function validateConstraint(
  constraint: DeviceConstraint,
  known: ReadonlySet<string>,
  path: Path,
  errors: Errors,
): void {
  validateReferences(constraint.requests, known, path.child("requests"), errors);
  const { matchAttribute, distinctAttribute } = constraint;
  if (matchAttribute !== undefined) {
    validateFullName(matchAttribute, path.child("matchAttribute"), errors);
  } else if (distinctAttribute !== undefined) {
    validateFullName(distinctAttribute, path.child("distinctAttribute"), errors);
  } else {
    errors.required(
      path,
      'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set',
    );
  }
}

const REFERENCE =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

export function validateReferences(
  names: readonly string[] | undefined,
  known: ReadonlySet<string>,
  path: Path,
  errors: Errors,
): void {
  validateItems(
    names,
    REQUESTS_MAXIMUM,
    path,
    errors,
    (name, at) => validateReference(name, known, at, errors),
    (name) => name,
  );
}

export function validateReference(
  name: string,
  known: ReadonlySet<string>,
  path: Path,
  errors: Errors,
): void {
  const parts = name.split("/");
  if (parts.length > 2) return errors.invalid(path, name, REFERENCE);
  for (const part of parts) validateLabelName(part, path, errors);
  if (!known.has(name)) errors.invalid(path, name, REFERENCE);
}
