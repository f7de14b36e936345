import type { Pod, PodStatus } from "../../generated/types.ts";
import { dnsSubdomainProblems, qualifiedNameProblems } from "../../names.ts";
import type { Errors } from "../errors.ts";
import { Path } from "../path.ts";
import { validatePodAnnotations } from "./annotations.ts";
import { isIpAddress, validatePodSpec } from "./spec.ts";

const SPEC = Path.of("spec");
const STATUS = Path.of("status");

export function validatePod(pod: Pod, errors: Errors): void {
  validatePodAnnotations(pod, errors);
  validatePodSpec(pod.spec, SPEC, errors);
  if ((pod.spec?.ephemeralContainers?.length ?? 0) > 0 && pod.metadata?.uid === undefined) {
    errors.forbidden(
      SPEC.child("ephemeralContainers"),
      "cannot be set on create",
    );
  }
  if (pod.spec?.nodeName && (pod.spec.schedulingGates?.length ?? 0) > 0) {
    errors.forbidden(
      SPEC.child("nodeName"),
      "cannot be set until all schedulingGates have been cleared",
    );
  }
}

/** What a kubelet or scheduler may say of a pod. */
export function validatePodStatusUpdate(next: Pod, previous: Pod, errors: Errors): void {
  const [now, before]: [PodStatus, PodStatus] = [next.status ?? {}, previous.status ?? {}];
  if (next.spec?.nodeName !== previous.spec?.nodeName) {
    errors.forbidden(Path.of("status", "nodeName"), "may not be changed directly");
  }
  const { nominatedNodeName: node } = now;
  if (node && node !== before.nominatedNodeName) {
    errors.invalidAll(STATUS.child("nominatedNodeName"), node, dnsSubdomainProblems(node));
  }
  if (before.qosClass && now.qosClass !== before.qosClass) {
    errors.invalid(STATUS.child("qosClass"), now.qosClass ?? "", "field is immutable");
  }
  for (const [i, { type = "" }] of (now.conditions ?? []).entries()) {
    if (SYSTEM_CONDITIONS.includes(type)) continue;
    // Where upstream says that they stand.
    const at = Path.of("metadata", "conditions").at(i).child("Type");
    errors.invalidAll(at, type, qualifiedNameProblems(type));
  }
  validateTerminated(next, now, before, errors);
  for (const member of ["podIPs", "hostIPs"] as const) {
    validateAddresses(now[member], STATUS.child(member), errors);
  }
}

const SYSTEM_CONDITIONS = ["PodScheduled", "Ready", "Initialized"];

/** One address of each family. */
function validateAddresses(
  given: readonly { readonly ip?: string }[] | undefined,
  path: Path,
  errors: Errors,
): void {
  const addresses = (given ?? []).map(({ ip = "" }) => ip);
  for (const [i, address] of addresses.entries()) {
    if (!isIpAddress(address)) {
      errors.invalid(
        path.at(i),
        address,
        "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
      );
    }
  }
  const families = new Set(addresses.map((address) => address.includes(":")));
  if (addresses.length > families.size) {
    errors.invalid(path, given, "may specify no more than one IP for each IP family");
  }
  for (const [i, address] of addresses.entries()) {
    if (addresses.indexOf(address) < i) errors.duplicate(path.at(i), address);
  }
}

/** A container that ended for good in a pod that does not restart it stays ended. */
function validateTerminated(
  { spec }: Pod,
  now: PodStatus,
  before: PodStatus,
  errors: Errors,
): void {
  if (spec?.restartPolicy === "Always") return;
  const own = new Set(
    (spec?.containers ?? []).filter((each) =>
      each.restartPolicy !== undefined || each.restartPolicyRules !== undefined
    ).map(({ name }) => name),
  );
  for (const [i, old] of (before.containerStatuses ?? []).entries()) {
    const ended = old.state?.terminated;
    if (ended === undefined || own.has(old.name)) continue;
    if (ended.exitCode !== 0 && spec?.restartPolicy === "OnFailure") continue;
    const current = now.containerStatuses?.find(({ name }) => name === old.name);
    if (current !== undefined && current.state?.terminated === undefined) {
      errors.forbidden(
        STATUS.child("containerStatuses").at(i).child("state"),
        "may not be transitioned to non-terminated state",
      );
    }
  }
}
