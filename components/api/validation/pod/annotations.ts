import type { Pod } from "../../generated/types.ts";
import type { Errors } from "../errors.ts";
import { Path } from "../path.ts";

const ANNOTATIONS = Path.of("metadata", "annotations");
const MIRROR = "kubernetes.io/config.mirror";
const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";
const APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/";
const APP_ARMOR_PROFILES = ["", "runtime/default", "unconfined"];

/** Annotations that a pod's own machinery reads. */
export function validatePodAnnotations({ metadata, spec }: Pod, errors: Errors): void {
  const annotations = metadata?.annotations;
  if (annotations === undefined) return;
  if (MIRROR in annotations && !spec?.nodeName) {
    errors.invalid(
      ANNOTATIONS.key(MIRROR),
      "",
      "must set spec.nodeName if mirror pod annotation is set",
    );
  }
  const cost = annotations[DELETION_COST];
  if (cost !== undefined && !isInt32(cost)) {
    errors.invalid(ANNOTATIONS.key(DELETION_COST), cost, "must be a 32bit integer");
  }
  for (const [key, value] of Object.entries(annotations)) {
    if (key.startsWith(APP_ARMOR)) validateAppArmor(key, value, spec, errors);
  }
}

function isInt32(text: string): boolean {
  // Zero is the cost of a pod that names none, and is not written with a sign or in front of digits.
  if (!/^(?:0|-?[1-9][0-9]{0,9})$/.test(text)) return false;
  const value = Number(text);
  return value >= -(2 ** 31) && value <= 2 ** 31 - 1;
}

function validateAppArmor(key: string, profile: string, spec: Pod["spec"], errors: Errors): void {
  const name = key.slice(APP_ARMOR.length);
  const all = [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ];
  if (!all.some((container) => container.name === name)) {
    errors.invalid(ANNOTATIONS.key(key), name, "container not found");
  }
  if (!APP_ARMOR_PROFILES.includes(profile) && !profile.startsWith("localhost/")) {
    errors.invalid(
      ANNOTATIONS.key(key),
      profile,
      `invalid AppArmor profile name: ${JSON.stringify(profile)}`,
    );
  }
}
