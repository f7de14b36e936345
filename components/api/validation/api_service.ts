import type { APIService } from "../generated/types.ts";
import { dns1035LabelProblems, dnsSubdomainProblems, portNumberProblems } from "../names.ts";
import type { Errors } from "./errors.ts";
import { Path } from "./path.ts";

const SPEC = Path.of("spec");
const GROUP_PRIORITY_MAXIMUM = 20_000;
const VERSION_PRIORITY_MAXIMUM = 1_000;

export function validateApiService({ metadata, spec = {} }: APIService, errors: Errors): void {
  const { group = "", version = "", groupPriorityMinimum = 0, versionPriority = 0 } = spec;
  const [name = "", required] = [metadata?.name, `${version}.${group}`];
  if (name !== required) {
    errors.invalid(
      Path.of("metadata", "name"),
      name,
      `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(required)}`,
    );
  }
  if (group === "" && version !== "v1") {
    errors.required(
      SPEC.child("group"),
      "only v1 may have an empty group and it better be legacy kube",
    );
  }
  if (group !== "") errors.invalidAll(SPEC.child("group"), group, dnsSubdomainProblems(group));
  errors.invalidAll(SPEC.child("version"), version, dns1035LabelProblems(version));
  for (
    const [member, value, maximum] of [
      ["groupPriorityMinimum", groupPriorityMinimum, GROUP_PRIORITY_MAXIMUM],
      ["versionPriority", versionPriority, VERSION_PRIORITY_MAXIMUM],
    ] as const
  ) {
    if (value > 0 && value <= maximum) continue;
    errors.invalid(SPEC.child(member), value, `must be positive and less than ${maximum}`);
  }
  const { service, caBundle, insecureSkipTLSVerify: insecure } = spec;
  const bytes = decodedLength(caBundle ?? "");
  if (service === undefined) {
    if (bytes > 0) {
      errors.invalid(
        SPEC.child("caBundle"),
        `${bytes} bytes`,
        "local APIServices may not have a caBundle",
      );
    }
    if (insecure === true) {
      errors.invalid(
        SPEC.child("insecureSkipTLSVerify"),
        true,
        "local APIServices may not have insecureSkipTLSVerify",
      );
    }
    return;
  }
  const at = SPEC.child("service");
  for (const member of ["namespace", "name"] as const) {
    if (!service[member]) errors.required(at.child(member));
  }
  if (service.port !== undefined) {
    for (const problem of portNumberProblems(service.port)) {
      errors.invalid(at.child("port"), service.port, `port is not valid: ${problem}`);
    }
  }
  if (insecure === true && bytes > 0) {
    errors.invalid(
      SPEC.child("insecureSkipTLSVerify"),
      true,
      "may not be true if caBundle is present",
    );
  }
}

const decodedLength = (text: string): number => Math.floor(text.replace(/=+$/, "").length * 3 / 4);

const STATUSES = ["False", "True", "Unknown"];

export function validateApiServiceStatus(
  { status }: APIService,
  _old: APIService,
  errors: Errors,
): void {
  for (const [i, { status: value = "" }] of (status?.conditions ?? []).entries()) {
    if (STATUSES.includes(value)) continue;
    errors.notSupported(
      Path.of("status", "conditions").at(i).child("status"),
      value,
      STATUSES,
    );
  }
}
