import type { ResourceRequirements } from "../../generated/types.ts";
import { dnsLabelProblems, qualifiedNameProblems } from "../../names.ts";
import {
  compareQuantity,
  formatQuantity,
  type Quantity,
  tryParseQuantity,
} from "../../quantity.ts";
import type { Errors } from "../errors.ts";
import type { Path } from "../path.ts";

const CONTAINER_RESOURCES = ["cpu", "memory", "ephemeral-storage"];

/** True for resources that only run out: they can be shared but not overcommitted. */
export function isExtended(name: string): boolean {
  return name.includes("/") && !name.startsWith("kubernetes.io/") &&
    !name.startsWith("requests.") && !name.includes(".kubernetes.io/");
}

const isHugePages = (name: string): boolean => name.startsWith("hugepages-");

/** A quantity of a resource list, which must be a whole number for some resources. */
export function validateResourceValue(
  name: string,
  text: string,
  path: Path,
  errors: Errors,
): Quantity | undefined {
  const quantity = tryParseQuantity(String(text));
  if (quantity === undefined) {
    errors.invalid(path, text, "must be a valid quantity");
    return undefined;
  }
  if (quantity.nano < 0n) {
    errors.invalid(path, formatQuantity(quantity), "must be greater than or equal to 0");
  }
  if (isExtended(name) && quantity.nano % 1_000_000_000n !== 0n) {
    errors.invalid(path, formatQuantity(quantity), "must be an integer");
  }
  return quantity;
}

function validateContainerResource(name: string, path: Path, errors: Errors): void {
  const problems = qualifiedNameProblems(name);
  if (problems.length > 0) return errors.invalidAll(path, name, problems);
  if (!name.includes("/")) {
    if (!CONTAINER_RESOURCES.includes(name) && !isHugePages(name)) {
      errors.invalid(path, name, "must be a standard resource type or fully qualified");
      errors.invalid(path, name, "must be a standard resource for containers");
    }
  } else if (name.startsWith("requests.")) {
    errors.invalid(path, name, "doesn't follow extended resource name standard");
  }
}

/** Requests and limits of a container: known resources, good amounts, no request over its limit. */
export function validateResources(
  resources: ResourceRequirements | undefined,
  path: Path,
  errors: Errors,
): void {
  if (resources === undefined) return;
  const limits = new Map<string, Quantity>();
  for (const [name, text] of Object.entries(resources.limits ?? {})) {
    const at = path.child("limits");
    validateContainerResource(name, at, errors);
    const quantity = validateResourceValue(name, text, at.key(name), errors);
    if (quantity !== undefined) limits.set(name, quantity);
  }
  for (const [name, text] of Object.entries(resources.requests ?? {})) {
    const at = path.child("requests");
    validateContainerResource(name, at, errors);
    const quantity = validateResourceValue(name, text, at.key(name), errors);
    const limit = limits.get(name);
    if (quantity === undefined) continue;
    if (limit === undefined) {
      if (isExtended(name) || isHugePages(name)) {
        errors.required(
          path.child("limits").key(name),
          isExtended(name)
            ? "Limit must be set for non overcommitable resources"
            : "Limit must be set for non overcommitable resources",
        );
      }
      continue;
    }
    const order = compareQuantity(quantity, limit);
    if (order !== 0 && (isExtended(name) || isHugePages(name))) {
      errors.invalid(
        at,
        formatQuantity(quantity),
        `must be equal to ${name} limit of ${formatQuantity(limit)}`,
      );
    } else if (order > 0) {
      errors.invalid(
        at,
        formatQuantity(quantity),
        `must be less than or equal to ${name} limit of ${formatQuantity(limit)}`,
      );
    }
  }
  const whole = resources.requests ?? {};
  const named = [...Object.keys(whole), ...Object.keys(resources.limits ?? {})];
  if (named.some(isHugePages) && !named.includes("cpu") && !named.includes("memory")) {
    errors.forbidden(path, "HugePages require cpu or memory");
  }
}

/** Claims that a container uses: known to its pod, each at most once, or once for each of its requests. */
export function validateClaimNames(
  used: ResourceRequirements["claims"],
  known: ReadonlySet<string>,
  path: Path,
  errors: Errors,
): void {
  const seen = new Set<string>();
  for (const [i, { name = "", request = "" }] of (used ?? []).entries()) {
    const at = path.child("claims").at(i);
    if (name === "") errors.required(at);
    else if (seen.has(name)) errors.duplicate(at, name);
    else {
      const key = request === "" ? name : `${name}/${request}`;
      if (request !== "") {
        errors.invalidAll(at.child("request"), request, dnsLabelProblems(request));
      }
      if (seen.has(key)) errors.duplicate(at, key);
      seen.add(key);
    }
    if (name !== "" && !known.has(name)) errors.notFound(at, name);
  }
}
