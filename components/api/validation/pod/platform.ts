import type { Container, PodSpec, SecurityContext } from "../../generated/types.ts";
import type { Errors } from "../errors.ts";
import type { Path } from "../path.ts";

const SYSTEMS = ["linux", "windows"];
const NOT_FOR_WINDOWS = "cannot be set for a windows pod";
const NOT_FOR_LINUX = "windows options cannot be set for a linux pod";
const CONTAINERS = ["initContainers", "containers", "ephemeralContainers"] as const;

/** Members that have no meaning on Windows, by where they stand. */
const POD_MEMBERS = ["hostUsers", "hostPID", "hostIPC", "shareProcessNamespace"] as const;
const POD_CONTEXT_MEMBERS = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "fsGroup",
  "fsGroupChangePolicy",
  "sysctls",
  "runAsUser",
  "runAsGroup",
  "supplementalGroups",
  "supplementalGroupsPolicy",
  "seLinuxChangePolicy",
] as const;
const CONTEXT_MEMBERS = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "capabilities",
  "readOnlyRootFilesystem",
  "privileged",
  "allowPrivilegeEscalation",
  "procMount",
  "runAsUser",
  "runAsGroup",
] as const;

/** What the operating system that a pod names rules out, and what its own user namespace does. */
export function validatePlatform(spec: PodSpec, path: Path, errors: Errors): void {
  validateHostUsers(spec, path, errors);
  const { os } = spec;
  if (os === undefined) return;
  const { name = "" } = os;
  if (name === "") errors.required(path.child("os").child("name"), "cannot be empty");
  else if (!SYSTEMS.includes(name)) errors.notSupported(path.child("os"), name, SYSTEMS);
  if (name === "windows") validateWindows(spec, path, errors);
  else if (name === "linux") validateLinux(spec, path, errors);
}

function validateHostUsers(spec: PodSpec, path: Path, errors: Errors): void {
  if (spec.hostUsers !== false) return;
  for (const member of ["hostNetwork", "hostPID", "hostIPC"] as const) {
    if (spec[member] === true) errors.forbidden(path.child(member), "when `hostUsers` is false");
  }
}

function validateWindows(spec: PodSpec, path: Path, errors: Errors): void {
  const context = spec.securityContext;
  const at = path.child("securityContext");
  for (const member of POD_CONTEXT_MEMBERS) {
    if (isSet(context?.[member])) errors.forbidden(at.child(member), NOT_FOR_WINDOWS);
  }
  for (const member of POD_MEMBERS) {
    if (isSet(spec[member])) errors.forbidden(path.child(member), NOT_FOR_WINDOWS);
  }
  eachContext(spec, path, (own, where) => {
    for (const member of CONTEXT_MEMBERS) {
      if (isSet(own[member])) errors.forbidden(where.child(member), NOT_FOR_WINDOWS);
    }
  });
}

function validateLinux(spec: PodSpec, path: Path, errors: Errors): void {
  if (spec.securityContext?.windowsOptions !== undefined) {
    errors.forbidden(path.child("securityContext").child("windowsOptions"), NOT_FOR_LINUX);
  }
  eachContext(spec, path, (own, where) => {
    if (own.windowsOptions !== undefined) {
      errors.forbidden(where.child("windowsOptions"), NOT_FOR_LINUX);
    }
  });
}

function eachContext(
  spec: PodSpec,
  path: Path,
  check: (context: SecurityContext, path: Path) => void,
): void {
  for (const member of CONTAINERS) {
    for (const [i, container] of ((spec[member] ?? []) as readonly Container[]).entries()) {
      const own = container.securityContext;
      if (own !== undefined) check(own, path.child(member).at(i).child("securityContext"));
    }
  }
}

/** A flag of the pod itself that is false is not told apart from one that is not there. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
}
