import { cloneJson, equalJson } from "../../../base/mod.ts";
import type { Container, Pod, PodSpec, Toleration } from "../../generated/types.ts";
import type { Errors } from "../errors.ts";
import { Path } from "../path.ts";
import { validateNarrowing } from "./narrowing.ts";
import { validatePod } from "./pod.ts";

const SPEC = Path.of("spec");
const FIXED =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/** What may change in a pod once it is there. */
export function validatePodSpecUpdate(next: Pod, previous: Pod, errors: Errors): void {
  const [now, before] = [next.spec ?? {}, previous.spec ?? {}];
  if (equalJson(now, before)) return;
  validatePod(next, errors);
  for (const member of ["containers", "initContainers"] as const) {
    const [left, right] = [now[member] ?? [], before[member] ?? []];
    if (left.length !== right.length) {
      errors.forbidden(
        SPEC.child(member),
        "pod updates may not add or remove containers",
      );
      return;
    }
    for (const [i, { image = "" }] of left.entries()) {
      const at = SPEC.child(member).at(i).child("image");
      if (image === "") errors.required(at);
      if (image.trim() !== image) {
        errors.invalid(at, image, "must not have leading or trailing whitespace");
      }
    }
  }
  validateDeadline(now, before, errors);
  validateAddedTolerations(now.tolerations, before.tolerations, errors);
  if ((before.schedulingGates?.length ?? 0) > 0) validateNarrowing(now, before, SPEC, errors);
  const gates = new Set((before.schedulingGates ?? []).map(({ name }) => name));
  const added = (now.schedulingGates ?? []).filter(({ name }) => !gates.has(name));
  if (added.length > 0) {
    errors.forbidden(
      SPEC.child("schedulingGates"),
      `only deletion is allowed, but found new scheduling gates: ${
        added.map(({ name }) => JSON.stringify(name)).join(", ")
      }`,
    );
  }
  if (!equalJson(withMutable(now, before), before)) {
    errors.forbidden(SPEC, FIXED);
  }
}

/** The new spec with what may change put back: what still differs may not. */
function withMutable(now: PodSpec, before: PodSpec): PodSpec {
  const copy = cloneJson(now);
  const put = <K extends keyof PodSpec>(member: K) => {
    if (before[member] === undefined) delete copy[member];
    else copy[member] = before[member] as NonNullable<PodSpec[K]>;
  };
  const images = (containers: Container[] | undefined, old: Container[] | undefined) => {
    for (const [i, container] of (containers ?? []).entries()) {
      const image = old?.[i]?.image;
      if (image !== undefined) container.image = image;
    }
  };
  images(copy.containers, before.containers);
  images(copy.initContainers, before.initContainers);
  put("activeDeadlineSeconds");
  put("tolerations");
  put("schedulingGates");
  const grace = before.terminationGracePeriodSeconds;
  if (grace !== undefined && grace < 0 && copy.terminationGracePeriodSeconds === 1) {
    copy.terminationGracePeriodSeconds = grace;
  }
  // What a pod that waits at its gates may change of this was looked at.
  if ((before.schedulingGates?.length ?? 0) > 0) {
    put("nodeSelector");
    if (before.affinity === undefined) {
      if (Object.keys(copy.affinity ?? {}).every((member) => member === "nodeAffinity")) {
        put("affinity");
      }
    } else if (before.affinity.nodeAffinity !== undefined) {
      copy.affinity = { ...copy.affinity, nodeAffinity: before.affinity.nodeAffinity };
    } else if (copy.affinity !== undefined) delete copy.affinity.nodeAffinity;
  }
  return copy;
}

function validateDeadline(now: PodSpec, before: PodSpec, errors: Errors): void {
  const [value, old] = [now.activeDeadlineSeconds, before.activeDeadlineSeconds];
  const at = SPEC.child("activeDeadlineSeconds");
  if (value !== undefined) {
    if (value < 0 || value > 2 ** 31 - 1) {
      errors.invalid(at, value, "must be between 0 and 2147483647, inclusive");
    } else if (old !== undefined && old < value) {
      errors.invalid(at, value, "must be less than or equal to previous value");
    }
  } else if (old !== undefined) {
    errors.invalid(at, value, "must not update from a positive integer to nil value");
  }
}

/** Tolerations may be added, and the seconds of one may change. */
function validateAddedTolerations(
  now: readonly Toleration[] | undefined,
  before: readonly Toleration[] | undefined,
  errors: Errors,
): void {
  const plain = ({ tolerationSeconds: _, ...rest }: Toleration) => rest;
  const kept = (before ?? []).every((old) =>
    (now ?? []).some((each) => equalJson(plain(each), plain(old)))
  );
  if (!kept) {
    errors.forbidden(
      SPEC.child("tolerations"),
      "existing toleration can not be modified except its tolerationSeconds",
    );
  }
}

/** What `ephemeralcontainers` may change: it may add some, and nothing else. */
export function validateEphemeralUpdate(next: Pod, previous: Pod, errors: Errors): void {
  const at = SPEC.child("ephemeralContainers");
  const before = previous.spec?.ephemeralContainers ?? [];
  const now = next.spec?.ephemeralContainers ?? [];
  const byName = new Map(now.map((container) => [container.name, container]));
  for (const old of before) {
    const kept = byName.get(old.name);
    if (kept === undefined) {
      errors.forbidden(at, `existing ephemeral containers "${old.name}" may not be removed\n`);
    } else if (!equalJson(kept, old)) {
      errors.forbidden(at, `existing ephemeral containers "${old.name}" may not be changed\n`);
    }
  }
}
