import { equalJson } from "../../base/mod.ts";
import type {
  Lease,
  Namespace,
  Node,
  PriorityClass,
  RuntimeClass,
  Taint,
} from "../generated/types.ts";
import { dnsLabelProblems, labelValueProblems, qualifiedNameProblems } from "../names.ts";
import { cidrProblems } from "./addresses.ts";
import type { Errors } from "./errors.ts";
import { IMMUTABLE, validateLabels } from "./metadata.ts";
import { Path } from "./path.ts";
import { validateResources, validateResourceValue } from "./pod/resources.ts";
import { validateTolerations } from "./pod/scheduling.ts";

const SPEC = Path.of("spec");

export function validateNamespace({ spec }: Namespace, errors: Errors): void {
  for (const [i, finalizer] of (spec?.finalizers ?? []).entries()) {
    const at = SPEC.child("finalizers").at(i);
    errors.invalidAll(at, finalizer, qualifiedNameProblems(finalizer));
    if (!finalizer.includes("/") && finalizer !== "kubernetes") {
      errors.invalid(
        at,
        finalizer,
        "name is neither a standard finalizer name nor is it fully qualified",
      );
    }
  }
}

export function validateNamespaceStatus(next: Namespace, _old: Namespace, errors: Errors): void {
  const phase = next.status?.phase ?? "";
  const deleted = next.metadata?.deletionTimestamp !== undefined;
  if (!deleted && phase !== "Active") {
    errors.invalid(
      Path.of("status", "Phase"),
      phase,
      "may only be 'Active' if `deletionTimestamp` is empty",
    );
  }
  if (deleted && phase !== "Terminating") {
    errors.invalid(
      Path.of("status", "Phase"),
      phase,
      "may only be 'Terminating' if `deletionTimestamp` is not empty",
    );
  }
}

const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

export function validateNode({ spec = {}, status }: Node, errors: Errors): void {
  validateTaints(spec.taints, SPEC.child("taints"), errors);
  const at = SPEC.child("podCIDRs");
  const cidrs = spec.podCIDRs ?? [];
  for (const [i, cidr] of cidrs.entries()) {
    errors.invalidAll(at.at(i), cidr, cidrProblems(cidr, false));
  }
  const families = new Set(cidrs.map((cidr) => cidr.includes(":")));
  if (cidrs.length > families.size) {
    errors.invalid(at, cidrs, "may specify no more than one CIDR for each IP family");
  }
  const seen = new Set<string>();
  for (const [i, address] of (status?.addresses ?? []).entries()) {
    const text = `${address.type}/${address.address}`;
    if (seen.has(text)) errors.duplicate(Path.of("status", "addresses").at(i), address);
    seen.add(text);
  }
  for (const member of ["capacity", "allocatable"] as const) {
    for (const [name, amount] of Object.entries(status?.[member] ?? {})) {
      validateResourceValue(name, amount, Path.of("status", member).key(name), errors);
    }
  }
}

function validateTaints(taints: readonly Taint[] | undefined, path: Path, errors: Errors): void {
  const seen = new Set<string>();
  for (const [i, { key = "", value = "", effect = "" }] of (taints ?? []).entries()) {
    const at = path.at(i);
    errors.invalidAll(at.child("key"), key, qualifiedNameProblems(key));
    errors.invalidAll(at.child("value"), value, labelValueProblems(value));
    if (effect === "") errors.required(at.child("effect"));
    else if (!EFFECTS.includes(effect)) errors.notSupported(at.child("effect"), effect, EFFECTS);
    const pair = `${effect}/${key}`;
    if (seen.has(pair)) {
      errors.duplicate(at, { key, value, effect });
    }
    seen.add(pair);
  }
}

export function validateNodeUpdate(next: Node, old: Node, errors: Errors): void {
  const [now, before] = [next.spec ?? {}, old.spec ?? {}];
  const text =
    "node updates may only change labels, taints, or capacity (or configSource, if the DynamicKubeletConfig feature gate is enabled)";
  if ((before.podCIDRs?.length ?? 0) > 0 && !equalJson(now.podCIDRs, before.podCIDRs)) {
    errors.forbidden(
      SPEC.child("podCIDRs"),
      'node updates may not change podCIDR except from "" to valid',
    );
  }
  if (before.providerID && now.providerID !== before.providerID) {
    errors.forbidden(
      SPEC.child("providerID"),
      'node updates may not change providerID except from "" to valid',
    );
  }
  if (before.externalID !== now.externalID) errors.forbidden(SPEC, text);
  validateNode(next, errors);
}

export function validateLease({ spec = {} }: Lease, errors: Errors): void {
  const { leaseDurationSeconds, leaseTransitions, preferredHolder, strategy } = spec;
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
    errors.invalid(
      SPEC.child("leaseDurationSeconds"),
      leaseDurationSeconds,
      "must be greater than 0",
    );
  }
  if (leaseTransitions !== undefined && leaseTransitions < 0) {
    errors.invalid(
      SPEC.child("leaseTransitions"),
      leaseTransitions,
      "must be greater than or equal to 0",
    );
  }
  if (preferredHolder && !strategy) {
    errors.forbidden(
      SPEC.child("preferredHolder"),
      "may only be specified if `strategy` is defined",
    );
  }
}

const USER_MAX_PRIORITY = 1_000_000_000;
const SYSTEM_PRIORITIES: Readonly<Record<string, number>> = {
  "system-cluster-critical": 2_000_000_000,
  "system-node-critical": 2_000_001_000,
};

export function validatePriorityClass(priority: PriorityClass, errors: Errors): void {
  const { value = 0, preemptionPolicy, metadata } = priority;
  const name = metadata?.name ?? "";
  if (name.startsWith("system-")) {
    if (SYSTEM_PRIORITIES[name] !== value) {
      errors.forbidden(
        Path.of("metadata", "name"),
        "priority class names with 'system-' prefix are reserved for system use only",
      );
    }
  } else if (value > USER_MAX_PRIORITY) {
    errors.forbidden(
      Path.of("value"),
      `maximum allowed value of a user defined priority is ${USER_MAX_PRIORITY}`,
    );
  }
  const policies = ["Never", "PreemptLowerPriority"];
  if (preemptionPolicy !== undefined && !policies.includes(preemptionPolicy)) {
    errors.notSupported(Path.of("preemptionPolicy"), preemptionPolicy, policies);
  }
}

export function validatePriorityClassUpdate(
  next: PriorityClass,
  old: PriorityClass,
  errors: Errors,
): void {
  if ((next.value ?? 0) !== (old.value ?? 0)) {
    errors.forbidden(Path.of("value"), "may not be changed in an update.");
  }
  if (next.preemptionPolicy !== old.preemptionPolicy) {
    errors.invalid(Path.of("preemptionPolicy"), next.preemptionPolicy ?? null, IMMUTABLE);
  }
}

export function validateRuntimeClass(
  { handler = "", overhead, scheduling }: RuntimeClass,
  errors: Errors,
): void {
  errors.invalidAll(Path.of("handler"), handler, dnsLabelProblems(handler));
  if (overhead !== undefined) {
    validateResources({ limits: overhead.podFixed ?? {} }, Path.of("overhead"), errors);
  }
  const at = Path.of("scheduling");
  validateLabels(scheduling?.nodeSelector, at.child("nodeSelector"), errors);
  const { tolerations = [] } = scheduling ?? {};
  validateTolerations(tolerations, at.child("tolerations"), errors);
  for (const [i, toleration] of tolerations.entries()) {
    if (tolerations.slice(0, i).some((other) => equalJson(other, toleration))) {
      errors.duplicate(at.child("tolerations").at(i), toleration);
    }
  }
}

export function validateRuntimeClassUpdate(
  next: RuntimeClass,
  old: RuntimeClass,
  errors: Errors,
): void {
  if (next.handler !== old.handler) {
    errors.invalid(Path.of("handler"), next.handler ?? "", IMMUTABLE);
  }
}
