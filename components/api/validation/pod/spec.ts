import type { PodSpec, PodTemplateSpec } from "../../generated/types.ts";
import { dnsLabelProblems, dnsSubdomainProblems, qualifiedNameProblems } from "../../names.ts";
import type { Errors } from "../errors.ts";
import { validateAnnotations, validateLabels } from "../metadata.ts";
import type { Path } from "../path.ts";
import { validateContainers } from "./containers.ts";
import { validatePlatform } from "./platform.ts";
import { validatePodResources } from "./pod_resources.ts";
import { validateResources } from "./resources.ts";
import { validateAffinity, validateSpread, validateTolerations } from "./scheduling.ts";
import { validatePodSecurity } from "./security.ts";
import { validateVolumes } from "./volumes.ts";

const RESTART_POLICIES = ["Always", "OnFailure", "Never"];
const DNS_POLICIES = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];

/** The rules of a pod's spec, of a pod or of a template. */
export function validatePodSpec(spec: PodSpec | undefined, path: Path, errors: Errors): void {
  const pod = spec ?? {};
  const volumes = validateVolumes(pod.volumes, path.child("volumes"), errors);
  validateClaims(pod, path.child("resourceClaims"), errors);
  validateContainers(pod, volumes, path, errors);
  const { restartPolicy = "", dnsPolicy = "" } = pod;
  if (restartPolicy === "") errors.required(path.child("restartPolicy"));
  else if (!RESTART_POLICIES.includes(restartPolicy)) {
    errors.notSupported(path.child("restartPolicy"), restartPolicy, RESTART_POLICIES);
  }
  if (dnsPolicy === "") errors.required(path.child("dnsPolicy"));
  else if (!DNS_POLICIES.includes(dnsPolicy)) {
    errors.notSupported(path.child("dnsPolicy"), dnsPolicy, DNS_POLICIES);
  }
  validateLabels(pod.nodeSelector, path.child("nodeSelector"), errors);
  validatePlatform(pod, path, errors);
  validatePodResources(pod, path, errors);
  if (pod.overhead !== undefined) {
    validateResources({ limits: pod.overhead }, path.child("overhead"), errors);
  }
  validatePodSecurity(pod, path.child("securityContext"), errors);
  for (const [i, { name }] of (pod.imagePullSecrets ?? []).entries()) {
    if (!name) errors.required(path.child("imagePullSecrets").at(i).child("name"));
  }
  validateAffinity(pod.affinity, path.child("affinity"), errors);
  validateDns(pod, path, errors);
  for (const [i, { conditionType = "" }] of (pod.readinessGates ?? []).entries()) {
    errors.invalidAll(
      path.child("readinessGates").at(i).child("conditionType"),
      conditionType,
      qualifiedNameProblems(conditionType),
    );
  }
  validateGates(pod, path, errors);
  validateSpread(pod, path.child("topologySpreadConstraints"), errors);
  validateNames(pod, path, errors);
  const { activeDeadlineSeconds: deadline } = pod;
  if (deadline !== undefined && (deadline < 1 || deadline > 2 ** 31 - 1)) {
    errors.invalid(
      path.child("activeDeadlineSeconds"),
      deadline,
      "must be between 1 and 2147483647, inclusive",
    );
  }
  validateTolerations(pod.tolerations, path.child("tolerations"), errors);
  for (const [i, { ip = "", hostnames }] of (pod.hostAliases ?? []).entries()) {
    const at = path.child("hostAliases").at(i);
    if (!isIpAddress(ip)) {
      errors.invalid(
        at.child("ip"),
        ip,
        "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
      );
    }
    for (const name of hostnames ?? []) {
      errors.invalidAll(at.child("hostnames"), name, dnsSubdomainProblems(name));
    }
  }
  if (pod.runtimeClassName !== undefined) {
    const name = pod.runtimeClassName;
    errors.invalidAll(path.child("runtimeClassName"), name, dnsSubdomainProblems(name));
  }
}

/** Claims that containers may name, each by one of two ways. */
function validateClaims(pod: PodSpec, path: Path, errors: Errors): void {
  const names = new Set<string>();
  for (const [i, claim] of (pod.resourceClaims ?? []).entries()) {
    const at = path.at(i);
    const { name = "", resourceClaimName: own, resourceClaimTemplateName: template } = claim;
    if (name === "") errors.required(at.child("name"));
    else if (names.has(name)) errors.duplicate(at.child("name"), name);
    else {
      errors.invalidAll(at.child("name"), name, dnsLabelProblems(name));
      names.add(name);
    }
    const ways = "`resourceClaimName`, `resourceClaimTemplateName`";
    if (own !== undefined && template !== undefined) {
      errors.invalid(at, claim, `at most one of ${ways} may be specified`);
    }
    if (own === undefined && template === undefined) {
      errors.invalid(at, claim, `must specify one of: ${ways}`);
    }
    for (
      const [member, text] of [
        ["resourceClaimName", own],
        ["resourceClaimTemplateName", template],
      ] as const
    ) {
      if (text !== undefined) {
        errors.invalidAll(at.child(member), text, dnsSubdomainProblems(text));
      }
    }
  }
}

/** A dotted or colon form of an address, without a prefix length. */
export function isIpAddress(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}

export function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 &&
    parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
}

export function isIpv6(text: string): boolean {
  if (!text.includes(":") || text.length > 45) return false;
  const halves = text.split("::");
  if (halves.length > 2) return false;
  let groups = 0;
  for (const half of halves) {
    if (half === "") continue;
    const parts = half.split(":");
    for (const [i, part] of parts.entries()) {
      const last = i === parts.length - 1;
      if (last && part.includes(".") && half === halves[halves.length - 1] && isIpv4(part)) {
        groups += 2;
      } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups++;
      else return false;
    }
  }
  return halves.length === 2 ? groups < 8 : groups === 8;
}

function validateNames(pod: PodSpec, path: Path, errors: Errors): void {
  const { serviceAccountName, nodeName, hostname, subdomain, priorityClassName } = pod;
  const { schedulerName } = pod;
  if (serviceAccountName) {
    const problems = dnsSubdomainProblems(serviceAccountName);
    errors.invalidAll(path.child("serviceAccountName"), serviceAccountName, problems);
  }
  if (nodeName) {
    errors.invalidAll(path.child("nodeName"), nodeName, dnsSubdomainProblems(nodeName));
  }
  if (hostname) errors.invalidAll(path.child("hostname"), hostname, dnsLabelProblems(hostname));
  if (subdomain) errors.invalidAll(path.child("subdomain"), subdomain, dnsLabelProblems(subdomain));
  validateHostname(pod, path, errors);
  if (priorityClassName) {
    const problems = dnsSubdomainProblems(priorityClassName);
    errors.invalidAll(path.child("priorityClassName"), priorityClassName, problems);
  }
  if (schedulerName) {
    const problems = qualifiedNameProblems(schedulerName);
    errors.invalidAll(path.child("schedulerName"), schedulerName, problems);
  }
}

/** What the kernel takes as the name of a host. */
const HOSTNAME_MAXIMUM = 64;

/** A name of any form takes the place of all that other members would make of it. */
function validateHostname(pod: PodSpec, path: Path, errors: Errors): void {
  const { hostnameOverride: name, setHostnameAsFQDN, hostNetwork } = pod;
  if (name === undefined) return;
  const at = path.child("hostnameOverride");
  errors.invalidAll(at, name, dnsSubdomainProblems(name));
  if (name.length > HOSTNAME_MAXIMUM) errors.tooLong(at, HOSTNAME_MAXIMUM);
  if (setHostnameAsFQDN === true) {
    errors.forbidden(at, "may not be specified when `setHostnameAsFQDN` is true");
  }
  if (hostNetwork === true) {
    errors.forbidden(at, "may not be specified when `hostNetwork` is true");
  }
}

const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_CHARACTERS = 2048;

function validateDns({ dnsPolicy, dnsConfig }: PodSpec, path: Path, errors: Errors): void {
  const at = path.child("dnsConfig");
  if (dnsPolicy === "None") {
    if (dnsConfig === undefined) {
      return errors.required(at, "must provide `dnsConfig` when `dnsPolicy` is None");
    }
    if (!dnsConfig.nameservers?.length) {
      return errors.required(
        at.child("nameservers"),
        "must provide at least one DNS nameserver when `dnsPolicy` is None",
      );
    }
  }
  if (dnsConfig === undefined) return;
  const { nameservers = [], searches = [], options = [] } = dnsConfig;
  if (nameservers.length > MAX_NAMESERVERS) {
    errors.invalid(
      at.child("nameservers"),
      nameservers,
      `must not have more than ${MAX_NAMESERVERS} nameservers`,
    );
  }
  for (const [i, server] of nameservers.entries()) {
    if (isIpAddress(server)) continue;
    errors.invalid(
      at.child("nameservers").at(i),
      server,
      "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
    );
  }
  if (searches.length > MAX_SEARCHES) {
    errors.invalid(
      at.child("searches"),
      searches,
      `must not have more than ${MAX_SEARCHES} search paths`,
    );
  }
  const letters = searches.join(" ").length;
  if (letters > MAX_SEARCH_CHARACTERS) {
    errors.invalid(
      at.child("searches"),
      searches,
      `must not have more than ${MAX_SEARCH_CHARACTERS} characters (including spaces) in the search list`,
    );
  }
  for (const [i, search] of searches.entries()) {
    // A dot at the end, or alone, is absolute; underscores name services.
    const plain = search === "." ? "" : search.replace(/\.$/, "").replaceAll("_", "a");
    if (plain !== "") {
      errors.invalidAll(at.child("searches").at(i), search, dnsSubdomainProblems(plain));
    }
  }
  for (const [i, { name }] of options.entries()) {
    if (!name) errors.required(at.child("options").at(i), "must not be empty");
  }
}

function validateGates({ schedulingGates }: PodSpec, path: Path, errors: Errors): void {
  const names = new Set<string>();
  for (const [i, { name = "" }] of (schedulingGates ?? []).entries()) {
    const at = path.child("schedulingGates").at(i);
    errors.invalidAll(at, name, qualifiedNameProblems(name));
    if (names.has(name)) errors.duplicate(at, name);
    names.add(name);
  }
}

/** A template's labels, annotations and spec. */
export function validatePodTemplate(
  template: PodTemplateSpec | undefined,
  path: Path,
  errors: Errors,
): void {
  validateLabels(template?.metadata?.labels, path.child("labels"), errors);
  validateAnnotations(template?.metadata?.annotations, path.child("annotations"), errors);
  validatePodSpec(template?.spec, path.child("spec"), errors);
  if ((template?.spec?.ephemeralContainers?.length ?? 0) > 0) {
    errors.forbidden(
      path.child("spec").child("ephemeralContainers"),
      "ephemeral containers not allowed in pod template",
    );
  }
}
