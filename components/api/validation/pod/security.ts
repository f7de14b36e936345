import type { PodSpec, SecurityContext } from "../../generated/types.ts";
import { rangeText } from "../../names.ts";
import { isUnset } from "../metadata.ts";
import type { Errors } from "../errors.ts";
import type { Path } from "../path.ts";
import { validateAppArmorProfile, validateSeccomp } from "./profiles.ts";

const MAX_ID = 2 ** 31 - 1;

function validateId(id: number | undefined, path: Path, errors: Errors): void {
  if (id !== undefined && (id < 0 || id > MAX_ID)) errors.invalid(path, id, rangeText(0, MAX_ID));
}

/** What a container may do beyond or below its image. */
export function validateSecurityContext(
  context: SecurityContext | undefined,
  path: Path,
  errors: Errors,
  hostUsers?: boolean,
): void {
  if (context === undefined) return;
  validateId(context.runAsUser, path.child("runAsUser"), errors);
  validateId(context.runAsGroup, path.child("runAsGroup"), errors);
  const { procMount, allowPrivilegeEscalation, privileged, capabilities } = context;
  if (procMount !== undefined && procMount !== "Default" && procMount !== "Unmasked") {
    errors.notSupported(path.child("procMount"), procMount, ["Default", "Unmasked"]);
  }
  if (procMount === "Unmasked" && hostUsers !== false) {
    errors.invalid(
      path.child("procMount"),
      procMount,
      "`hostUsers` must be false to use `Unmasked`",
    );
  }
  validateSeccomp(context.seccompProfile, path.child("seccompProfile"), errors);
  validateAppArmorProfile(context.appArmorProfile, path.child("appArmorProfile"), errors);
  if (allowPrivilegeEscalation === false) {
    if (privileged === true) {
      errors.invalid(
        path,
        context,
        "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
      );
    }
    if (capabilities?.add?.some((each) => each === "CAP_SYS_ADMIN")) {
      errors.invalid(
        path,
        context,
        "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
      );
    }
  }
}

const SYSCTL = /^[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?(?:[./][a-z0-9](?:[-_a-z0-9]*[a-z0-9])?)*$/;

/** The namespace that a setting of the kernel belongs to; both signs may stand between its parts. */
function namespaceOf(name: string): "net" | "ipc" | undefined {
  const plain = name.replaceAll("/", ".");
  if (plain.startsWith("net.")) return "net";
  return /^(?:kernel\.(?:shm|msg|sem)|fs\.mqueue\.)/.test(plain) ? "ipc" : undefined;
}

export function validatePodSecurity(spec: PodSpec, path: Path, errors: Errors): void {
  const context = spec.securityContext;
  if (context === undefined) return;
  validateId(context.runAsUser, path.child("runAsUser"), errors);
  validateId(context.runAsGroup, path.child("runAsGroup"), errors);
  validateId(context.fsGroup, path.child("fsGroup"), errors);
  for (const [i, group] of (context.supplementalGroups ?? []).entries()) {
    validateId(group, path.child("supplementalGroups").at(i), errors);
  }
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    errors.invalid(
      path.child("shareProcessNamespace"),
      true,
      "ShareProcessNamespace and HostPID cannot both be enabled",
    );
  }
  const names = new Set<string>();
  for (const [i, { name = "" }] of (context.sysctls ?? []).entries()) {
    const at = path.child("sysctls").at(i).child("name");
    if (name === "") errors.required(at);
    // The limit keeps the expression's work small.
    else if (name.length > 253 || !SYSCTL.test(name)) {
      errors.invalid(
        at,
        name,
        "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$",
      );
    } else if (names.has(name)) errors.duplicate(at, name);
    const space = namespaceOf(name);
    if (spec.hostNetwork === true && space === "net") {
      errors.invalid(at, name, "may not be specified when 'hostNetwork' is true");
    } else if (spec.hostIPC === true && space === "ipc") {
      errors.invalid(at, name, "may not be specified when 'hostIPC' is true");
    }
    names.add(name);
  }
  validateSeccomp(context.seccompProfile, path.child("seccompProfile"), errors);
  validateAppArmorProfile(context.appArmorProfile, path.child("appArmorProfile"), errors);
  const changes = ["MountOption", "Recursive"];
  if (
    !isUnset(context.seLinuxChangePolicy) && !changes.includes(context.seLinuxChangePolicy ?? "")
  ) {
    errors.notSupported(
      path.child("seLinuxChangePolicy"),
      context.seLinuxChangePolicy,
      changes,
    );
  }
  if (!isUnset(context.fsGroupChangePolicy)) {
    const policies = ["Always", "OnRootMismatch"];
    if (!policies.includes(context.fsGroupChangePolicy ?? "")) {
      errors.notSupported(
        path.child("fsGroupChangePolicy"),
        context.fsGroupChangePolicy,
        policies,
      );
    }
  }
}
