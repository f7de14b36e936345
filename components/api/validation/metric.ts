import type { CrossVersionObjectReference, MetricSpec, MetricTarget } from "../generated/types.ts";
import { pathSegmentProblems } from "../names.ts";
import { tryParseQuantity } from "../quantity.ts";
import type { Errors } from "./errors.ts";
import type { Path } from "./path.ts";
import { validateLabelSelector } from "./selector.ts";

const MEMBERS: Readonly<Record<string, Source>> = {
  ContainerResource: "containerResource",
  External: "external",
  Object: "object",
  Pods: "pods",
  Resource: "resource",
};
type Source = "containerResource" | "external" | "object" | "pods" | "resource";

/** A source in the members of all of them. */
interface Any {
  readonly container?: string;
  readonly describedObject?: CrossVersionObjectReference;
  readonly metric?: { readonly name?: string; readonly selector?: object };
  readonly name?: string;
  readonly target?: MetricTarget;
}

/** An object of any API. */
export function validateReference(
  target: CrossVersionObjectReference | undefined,
  path: Path,
  errors: Errors,
): void {
  for (const member of ["kind", "name"] as const) {
    const value = target?.[member] ?? "";
    if (value === "") errors.required(path.child(member));
    else errors.invalidAll(path.child(member), value, pathSegmentProblems(value));
  }
  const version = target?.apiVersion ?? "";
  if (version.split("/").length > 2) {
    errors.invalid(
      path.child("apiVersion"),
      version,
      `unexpected GroupVersion string: ${version}`,
    );
  }
}

/** One metric that an autoscaler follows: one source, the one that its type names. */
export function validateMetric(metric: MetricSpec, path: Path, errors: Errors): void {
  const { type = "" } = metric;
  const expected = MEMBERS[type];
  if (type === "") errors.required(path.child("type"), "must specify a metric source type");
  else if (expected === undefined) {
    errors.notSupported(path.child("type"), type, Object.keys(MEMBERS));
  }
  const given = Object.values(MEMBERS).filter((member) => metric[member] !== undefined);
  const [first] = given;
  if (first !== undefined) {
    validateSource(first, metric[first] as Any, path.child(first), errors);
  }
  if (expected !== undefined && metric[expected] === undefined) {
    errors.required(
      path.child(expected),
      "must populate information for the given metric source",
    );
  }
  if (given.length < 2) return;
  for (const member of given) {
    if (member === expected) continue;
    errors.forbidden(path.child(member), "must populate the given metric source only");
  }
}

function validateSource(member: Source, source: Any, path: Path, errors: Errors): void {
  if (member === "object") {
    validateReference(source.describedObject, path.child("describedObject"), errors);
  }
  if (member === "resource" || member === "containerResource") {
    if (!source.name) errors.required(path.child("name"), "must specify a resource name");
    if (member === "containerResource" && !source.container) {
      errors.required(path.child("container"), "must specify a container");
    }
  } else {
    const at = path.child("metric");
    const { name = "", selector } = source.metric ?? {};
    if (name === "") errors.required(at.child("name"), "must specify a metric name");
    else errors.invalidAll(at.child("name"), name, pathSegmentProblems(name));
    validateLabelSelector(selector, at.child("selector"), errors);
  }
  validateTarget(source.target, member, path.child("target"), errors);
}

function validateTarget(
  target: MetricTarget | undefined,
  source: string,
  path: Path,
  errors: Errors,
): void {
  const { type = "", averageUtilization, averageValue, value } = target ?? {};
  const types = ["AverageValue", "Utilization", "Value"];
  if (type === "") errors.required(path.child("type"), "must specify a metric target type");
  else if (!types.includes(type)) {
    errors.invalid(path.child("type"), type, "must be either Utilization, Value, or AverageValue");
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.invalid(path.child("averageUtilization"), averageUtilization, "must be greater than 0");
  }
  for (const [member, text] of [["value", value], ["averageValue", averageValue]] as const) {
    const quantity = text === undefined ? undefined : tryParseQuantity(String(text));
    if (quantity !== undefined && quantity.nano <= 0n) {
      errors.invalid(path.child(member), text, "must be positive");
    }
  }
  validateTargetKind(target ?? {}, source, path, errors);
}

/** Which of the three amounts a source takes. */
function validateTargetKind(
  { averageUtilization, averageValue, value }: MetricTarget,
  source: string,
  path: Path,
  errors: Errors,
): void {
  switch (source) {
    case "resource":
    case "containerResource":
      if (averageUtilization === undefined && averageValue === undefined) {
        errors.required(
          path.child("averageUtilization"),
          "must set either a target raw value or a target utilization",
        );
      } else if (averageUtilization !== undefined && averageValue !== undefined) {
        errors.forbidden(
          path.child("averageValue"),
          "may not set both a target raw value and a target utilization",
        );
      }
      return;
    case "pods":
      if (averageValue === undefined) {
        errors.required(path.child("averageValue"), "must specify a positive target averageValue");
      }
      return;
    default:
      if (value === undefined && averageValue === undefined) {
        errors.required(
          path.child("averageValue"),
          `must set either a target value for metric or a per-pod target`,
        );
      } else if (source === "external" && value !== undefined && averageValue !== undefined) {
        errors.forbidden(
          path.child("value"),
          "may not set both a target value for metric and a per-pod target",
        );
      }
  }
}
