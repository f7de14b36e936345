import { equalJson } from "../../base/mod.ts";
import type { LimitRange, LimitRangeItem, ResourceQuota } from "../generated/types.ts";
import { qualifiedNameProblems } from "../names.ts";
import { compareQuantity, formatQuantity, type Quantity, tryParseQuantity } from "../quantity.ts";
import type { Errors } from "./errors.ts";
import { IMMUTABLE } from "./metadata.ts";
import { Path } from "./path.ts";
import { validateResourceValue } from "./pod/resources.ts";

const SPEC = Path.of("spec");
const COMPUTE = ["cpu", "memory", "ephemeral-storage"];
const STANDARD = new Set([
  ...COMPUTE,
  ...COMPUTE.map((name) => `requests.${name}`),
  ...COMPUTE.map((name) => `limits.${name}`),
  "requests.storage",
  "resourcequotas",
  "services",
  "pods",
  "replicationcontrollers",
  "secrets",
  "persistentvolumeclaims",
  "configmaps",
  "services.nodeports",
  "services.loadbalancers",
]);
const SCOPES = [
  "Terminating",
  "NotTerminating",
  "BestEffort",
  "NotBestEffort",
  "PriorityClass",
  "CrossNamespacePodAffinity",
  "VolumeAttributesClass",
];
const OPPOSITES = [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]] as const;
/** Scopes that are there or not, and have no values. */
const BARE = new Set(SCOPES.filter((scope) => !/Class$/.test(scope)));

export function validateQuota({ spec = {} }: ResourceQuota, errors: Errors): void {
  validateAmounts(spec.hard, SPEC.child("hard"), errors);
  validateScopes(spec, errors);
}

/** What the controller counts. */
export function validateQuotaStatus(
  { status }: ResourceQuota,
  _old: ResourceQuota,
  errors: Errors,
): void {
  for (const member of ["hard", "used"] as const) {
    validateAmounts(status?.[member], Path.of("status", member), errors);
  }
}

function validateAmounts(
  amounts: Readonly<Record<string, string>> | undefined,
  path: Path,
  errors: Errors,
): void {
  for (const [name, text] of Object.entries(amounts ?? {})) {
    const at = path.key(name);
    const problems = qualifiedNameProblems(name);
    errors.invalidAll(at, name, problems);
    const huge = /^(?:requests\.)?hugepages-/.test(name);
    if (problems.length === 0 && !name.includes("/") && !STANDARD.has(name) && !huge) {
      errors.invalid(at, name, "must be a standard resource type or fully qualified");
      errors.invalid(at, name, "must be a standard resource for quotas");
    }
    validateResourceValue(name, text, at, errors);
  }
}

function validateScopes(spec: NonNullable<ResourceQuota["spec"]>, errors: Errors): void {
  const { scopes = [], scopeSelector } = spec;
  const at = SPEC.child("scopes");
  if (scopes.some((scope) => !SCOPES.includes(scope))) {
    errors.invalid(at, scopes, "unsupported scope");
  }
  const hard = Object.keys(spec.hard ?? {});
  for (const scope of scopes) {
    if (hard.some((name) => STANDARD.has(name) && !countsIn(scope, name))) {
      errors.invalid(at, scopes, "unsupported scope applied to resource");
      break;
    }
  }
  for (const pair of OPPOSITES) {
    if (pair.every((scope) => scopes.includes(scope))) {
      errors.invalid(at, scopes, "conflicting scopes");
    }
  }
  const path = SPEC.child("scopeSelector").child("matchExpressions");
  for (
    const { scopeName = "", operator = "", values = [] } of scopeSelector?.matchExpressions ?? []
  ) {
    if (!SCOPES.includes(scopeName)) {
      errors.invalid(path.child("scopeName"), scopeName, "unsupported scope");
    }
    if (BARE.has(scopeName) && operator !== "Exists") {
      errors.invalid(
        path.child("operator"),
        operator,
        "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, " +
          "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
      );
    }
    if (operator === "In" || operator === "NotIn") {
      if (values.length === 0) {
        errors.required(
          path.child("values"),
          "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
        );
      }
    } else if (operator === "Exists" || operator === "DoesNotExist") {
      if (values.length > 0) {
        errors.invalid(
          path.child("values"),
          values,
          "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
        );
      }
    } else errors.invalid(path.child("operator"), operator, "not a valid selector operator");
  }
}

/** Whether a scope can tell apart what a resource counts. */
function countsIn(scope: string, resource: string): boolean {
  switch (scope) {
    case "BestEffort":
      return resource === "pods";
    case "Terminating":
    case "NotTerminating":
    case "NotBestEffort":
    case "PriorityClass":
    case "CrossNamespacePodAffinity":
      return resource === "pods" ||
        COMPUTE.some((name) =>
          resource === name || resource === `requests.${name}` || resource === `limits.${name}`
        );
    case "VolumeAttributesClass":
      return resource === "persistentvolumeclaims" || resource === "requests.storage";
    default:
      return true;
  }
}

export function validateQuotaUpdate(next: ResourceQuota, old: ResourceQuota, errors: Errors): void {
  validateQuota(next, errors);
  if (!equalJson([...(next.spec?.scopes ?? [])].sort(), [...(old.spec?.scopes ?? [])].sort())) {
    errors.invalid(SPEC.child("scopes"), next.spec?.scopes ?? null, IMMUTABLE);
  }
}

export function validateLimitRange({ spec = {} }: LimitRange, errors: Errors): void {
  const types = new Set<string>();
  for (const [i, limit] of (spec.limits ?? []).entries()) {
    const at = SPEC.child("limits").at(i);
    const { type = "" } = limit;
    if (type === "") errors.required(at.child("type"));
    else if (types.has(type)) errors.duplicate(at.child("type"), type);
    types.add(type);
    if (type === "Pod") {
      for (const member of ["default", "defaultRequest"] as const) {
        if (limit[member] !== undefined) {
          errors.forbidden(at.child(member), "may not be specified when `type` is 'Pod'");
        }
      }
    }
    if (
      type === "PersistentVolumeClaim" && limit.min?.["storage"] === undefined &&
      limit.max?.["storage"] === undefined
    ) {
      errors.required(
        at.child("limits"),
        "either minimum or maximum storage value is required, but neither was provided",
      );
    }
    validateOrder(limit, at, errors);
  }
}

type Bound = "min" | "max" | "default" | "defaultRequest";

/** Pairs of bounds, the first of which is not above the second: where the complaint stands, and whose value it tells. */
const ORDER:
  readonly (readonly [low: Bound, high: Bound, at: Bound, shown: Bound, text: string])[] = [
    ["min", "max", "min", "min", "min value %l is greater than max value %h"],
    [
      "min",
      "defaultRequest",
      "defaultRequest",
      "defaultRequest",
      "min value %l is greater than default request value %h",
    ],
    [
      "defaultRequest",
      "max",
      "defaultRequest",
      "defaultRequest",
      "default request value %l is greater than max value %h",
    ],
    [
      "defaultRequest",
      "default",
      "defaultRequest",
      "defaultRequest",
      "default request value %l is greater than default limit value %h",
    ],
    ["min", "default", "default", "min", "min value %l is greater than default value %h"],
    ["default", "max", "default", "max", "default value %l is greater than max value %h"],
  ];

function validateOrder(limit: LimitRangeItem, path: Path, errors: Errors): void {
  const names = new Set(
    [limit.min, limit.max, limit.default, limit.defaultRequest, limit.maxLimitRequestRatio]
      .flatMap((list) => Object.keys(list ?? {})),
  );
  for (const name of names) {
    const read = (text: string | undefined): Quantity | undefined =>
      text === undefined ? undefined : tryParseQuantity(String(text));
    for (const [low, high, at, shown, text] of ORDER) {
      const [less, more] = [read(limit[low]?.[name]), read(limit[high]?.[name])];
      if (less === undefined || more === undefined || compareQuantity(less, more) <= 0) continue;
      errors.invalid(
        path.child(at).key(name),
        formatQuantity(shown === low ? less : more),
        text.replace("%l", formatQuantity(less)).replace("%h", formatQuantity(more)),
      );
    }
    const ratio = read(limit.maxLimitRequestRatio?.[name]);
    if (ratio !== undefined && ratio.nano < 1_000_000_000n) {
      errors.invalid(
        path.child("maxLimitRequestRatio").key(name),
        formatQuantity(ratio),
        `ratio ${formatQuantity(ratio)} is less than 1`,
      );
    }
  }
}
