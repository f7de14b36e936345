import type { AppArmorProfile, SecurityContext } from "../../generated/types.ts";
import type { Errors } from "../errors.ts";
import type { Path } from "../path.ts";

const TYPES = ["Localhost", "RuntimeDefault", "Unconfined"];
const APP_ARMOR_MAXIMUM = 4095;

/** The system calls that a container may make. */
export function validateSeccomp(
  profile: SecurityContext["seccompProfile"],
  path: Path,
  errors: Errors,
): void {
  if (profile === undefined) return;
  const { type = "", localhostProfile } = profile;
  const at = path.child("localhostProfile");
  if (type === "") {
    return errors.required(path.child("type"), "type is required when seccompProfile is set");
  }
  if (!TYPES.includes(type)) return errors.notSupported(path.child("type"), type, TYPES);
  if (type === "Localhost") {
    if (!localhostProfile) errors.required(at, "must be set when seccomp type is Localhost");
    else {
      if (localhostProfile.startsWith("/")) {
        errors.invalid(at, localhostProfile, "must be a relative path");
      }
      if (localhostProfile.split("/").includes("..")) {
        errors.invalid(at, localhostProfile, "must not contain '..'");
      }
    }
  } else if (localhostProfile !== undefined) {
    errors.invalid(at, localhostProfile, "can only be set when seccomp type is Localhost");
  }
}

/** The AppArmor profile that confines a container. */
export function validateAppArmorProfile(
  profile: AppArmorProfile | undefined,
  path: Path,
  errors: Errors,
): void {
  if (profile === undefined) return;
  const { type = "", localhostProfile } = profile;
  const at = path.child("localhostProfile");
  if (type === "") {
    return errors.required(path.child("type"), "type is required when appArmorProfile is set");
  }
  if (!TYPES.includes(type)) return errors.notSupported(path.child("type"), type, TYPES);
  if (type !== "Localhost") {
    if (localhostProfile !== undefined) {
      errors.invalid(at, localhostProfile, "can only be set when AppArmor type is Localhost");
    }
    return;
  }
  const name = localhostProfile?.trim() ?? "";
  if (name === "") return errors.required(at, "must be set when AppArmor type is Localhost");
  if (name !== localhostProfile) {
    errors.invalid(at, localhostProfile, "must not be padded with whitespace");
  }
  if (name.length > APP_ARMOR_MAXIMUM) errors.tooLong(at, APP_ARMOR_MAXIMUM);
}
