import type { PodSpec } from "../../generated/types.ts";
import {
  addQuantity,
  compareQuantity,
  formatQuantity,
  type Quantity,
  tryParseQuantity,
} from "../../quantity.ts";
import type { Errors } from "../errors.ts";
import type { Path } from "../path.ts";
import { validateResources } from "./resources.ts";

const HUGE_PAGES = "hugepages-";
const SUPPORTED = ["cpu", "hugepages-", "memory"];

/** Requests and limits of the pod as a whole, and how those of its containers fit into them. */
export function validatePodResources(spec: PodSpec, path: Path, errors: Errors): void {
  const { resources } = spec;
  if (resources === undefined) return;
  const at = path.child("resources");
  if ((resources.claims?.length ?? 0) > 0) {
    errors.forbidden(at.child("claims"), "claims may not be set for Resources at pod-level");
  }
  for (const member of ["limits", "requests"] as const) {
    for (const name of Object.keys(resources[member] ?? {})) {
      if (!isPodResource(name)) errors.notSupported(at.child(member), name, SUPPORTED);
    }
  }
  validateResources({ ...resources, claims: [] }, at, errors);
  validateRequests(spec, at.child("requests"), errors);
  validateLimits(spec, path, errors);
}

const isPodResource = (name: string): boolean =>
  name === "cpu" || name === "memory" || name.startsWith(HUGE_PAGES);

/** The pod asks for no less than its containers do together. */
function validateRequests(spec: PodSpec, path: Path, errors: Errors): void {
  const asked = spec.resources?.requests ?? {};
  for (const [name, text] of Object.entries(asked)) {
    const whole = tryParseQuantity(String(text));
    const parts = (spec.containers ?? []).map(({ resources }) => resources?.requests?.[name]);
    const sum = parts.reduce<Quantity | undefined>((total, part) => {
      const quantity = part === undefined ? undefined : tryParseQuantity(String(part));
      if (quantity === undefined) return total;
      return total === undefined ? quantity : addQuantity(total, quantity);
    }, undefined);
    if (whole === undefined || sum === undefined || compareQuantity(sum, whole) <= 0) continue;
    errors.invalid(
      path.key(name),
      formatQuantity(whole),
      `must be greater than or equal to aggregate container requests of ${formatQuantity(sum)}`,
    );
  }
}

/** No container may have more than the pod. */
function validateLimits(spec: PodSpec, path: Path, errors: Errors): void {
  for (const [name, text] of Object.entries(spec.resources?.limits ?? {})) {
    const whole = tryParseQuantity(String(text));
    if (whole === undefined) continue;
    for (const member of ["initContainers", "containers"] as const) {
      for (const [i, { resources }] of (spec[member] ?? []).entries()) {
        const limit = resources?.limits?.[name];
        const part = limit === undefined ? undefined : tryParseQuantity(String(limit));
        if (part === undefined || compareQuantity(part, whole) <= 0) continue;
        errors.invalid(
          path.child(member).at(i).child("resources").child("limits").key(name),
          formatQuantity(part),
          `must be less than or equal to pod limits of ${formatQuantity(whole)}`,
        );
      }
    }
  }
}
