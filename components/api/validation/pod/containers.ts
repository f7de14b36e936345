import type { Container, EphemeralContainer, PodSpec } from "../../generated/types.ts";
import { dnsLabelProblems, portNameProblems, portNumberProblems } from "../../names.ts";
import type { Errors } from "../errors.ts";
import type { Path } from "../path.ts";
import { validateEnvironment } from "./env.ts";
import { validateHooks } from "./probes.ts";
import { validateClaimNames, validateResources } from "./resources.ts";
import { validateRestartRules } from "./restart_rules.ts";
import { validateSecurityContext } from "./security.ts";
import { validateMounts, type Volumes } from "./volumes.ts";

const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];
const MESSAGE_POLICIES = ["FallbackToLogsOnError", "File"];

/** The init, main and ephemeral containers of a pod. */
export function validateContainers(
  spec: PodSpec,
  volumes: Volumes,
  path: Path,
  errors: Errors,
): void {
  const names = new Set<string>();
  const hostPorts = new Set<string>();
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec;
  const pod: PodFacts = {
    volumes,
    hostUsers: spec.hostUsers,
    claims: new Set((spec.resourceClaims ?? []).map(({ name = "" }) => name)),
  };
  const main = path.child("containers");
  if (containers.length === 0) errors.required(main);
  for (const [i, container] of containers.entries()) {
    const at = main.at(i);
    validateContainer(container, pod, at, errors, names, "main");
    validateHostPorts(container, spec, at, errors, hostPorts);
  }
  for (const [i, container] of initContainers.entries()) {
    const at = path.child("initContainers").at(i);
    const sidecar = container.restartPolicy === "Always";
    validateContainer(container, pod, at, errors, names, sidecar ? "sidecar" : "init");
    validateHostPorts(container, spec, at, errors, sidecar ? hostPorts : new Set());
  }
  for (const [i, container] of ephemeralContainers.entries()) {
    const at = path.child("ephemeralContainers").at(i);
    validateContainer(container, pod, at, errors, names, "ephemeral");
    validateEphemeral(container, spec, at, errors);
  }
}

/** What a container's rules need to know of its pod. */
interface PodFacts {
  readonly volumes: Volumes;
  readonly hostUsers: boolean | undefined;
  /** Names of the pod's resource claims. */
  readonly claims: ReadonlySet<string>;
}

type Role = "main" | "init" | "sidecar" | "ephemeral";

function validateContainer(
  container: Container,
  pod: PodFacts,
  path: Path,
  errors: Errors,
  names: Set<string>,
  role: Role,
): void {
  const { name = "", image = "" } = container;
  if (name === "") errors.required(path.child("name"));
  else errors.invalidAll(path.child("name"), name, dnsLabelProblems(name));
  if (name !== "" && names.has(name)) errors.duplicate(path.child("name"), name);
  names.add(name);
  if (image === "") errors.required(path.child("image"));
  else if (image !== image.trim()) {
    errors.invalid(path.child("image"), image, "must not have leading or trailing whitespace");
  }
  if (role !== "ephemeral") validateHooks(container, path, errors, role !== "init");
  const { terminationMessagePolicy: messages, imagePullPolicy: pull } = container;
  if (!messages) errors.required(path.child("terminationMessagePolicy"));
  else if (!MESSAGE_POLICIES.includes(messages)) {
    errors.notSupported(path.child("terminationMessagePolicy"), messages, MESSAGE_POLICIES);
  }
  validatePorts(container, path, errors);
  validateEnvironment(container, path, errors);
  validateMounts(container, pod.volumes, path, errors);
  if (!pull) errors.required(path.child("imagePullPolicy"));
  else if (!PULL_POLICIES.includes(pull)) {
    errors.notSupported(path.child("imagePullPolicy"), pull, PULL_POLICIES);
  }
  validateResources(container.resources, path.child("resources"), errors);
  for (const [i, { resourceName, restartPolicy }] of (container.resizePolicy ?? []).entries()) {
    const at = path.child("resizePolicy").at(i);
    if (resourceName !== "cpu" && resourceName !== "memory") {
      errors.notSupported(at.child("resourceName"), resourceName ?? "", ["cpu", "memory"]);
    }
    if (restartPolicy !== "NotRequired" && restartPolicy !== "RestartContainer") {
      errors.notSupported(at.child("restartPolicy"), restartPolicy ?? "", [
        "NotRequired",
        "RestartContainer",
      ]);
    }
  }
  validateRestartRules(container, path, errors);
  const { claims, hostUsers } = pod;
  validateClaimNames(container.resources?.claims, claims, path.child("resources"), errors);
  validateSecurityContext(
    container.securityContext,
    path.child("securityContext"),
    errors,
    hostUsers,
  );
}

function validatePorts({ ports }: Container, path: Path, errors: Errors): void {
  const names = new Set<string>();
  for (const [i, port] of (ports ?? []).entries()) {
    const at = path.child("ports").at(i);
    const { name, containerPort = 0, hostPort = 0, protocol = "" } = port;
    if (name) {
      const problems = portNameProblems(name);
      errors.invalidAll(at.child("name"), name, problems);
      if (problems.length === 0 && names.has(name)) errors.duplicate(at.child("name"), name);
      names.add(name);
    }
    if (containerPort === 0) errors.required(at.child("containerPort"));
    else {
      errors.invalidAll(
        at.child("containerPort"),
        containerPort,
        portNumberProblems(containerPort),
      );
    }
    if (hostPort !== 0) {
      errors.invalidAll(at.child("hostPort"), hostPort, portNumberProblems(hostPort));
    }
    if (protocol === "") errors.required(at.child("protocol"));
    else if (!PROTOCOLS.includes(protocol)) {
      errors.notSupported(at.child("protocol"), protocol, PROTOCOLS);
    }
  }
}

function validateHostPorts(
  { ports }: Container,
  { hostNetwork }: PodSpec,
  path: Path,
  errors: Errors,
  taken: Set<string>,
): void {
  for (
    const [i, { hostPort = 0, hostIP = "", protocol, containerPort }] of (ports ?? []).entries()
  ) {
    const at = path.child("ports").at(i);
    if (hostNetwork === true && hostPort !== 0 && hostPort !== containerPort) {
      errors.invalid(
        at.child("containerPort"),
        containerPort ?? 0,
        "must match `hostPort` when `hostNetwork` is true",
      );
    }
    if (hostPort === 0) continue;
    const place = `${protocol}/${hostIP}/${hostPort}`;
    if (taken.has(place)) errors.duplicate(at.child("hostPort"), place);
    taken.add(place);
  }
}

const EPHEMERAL_FORBIDDEN = [
  "ports",
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "lifecycle",
  "resources",
  "resizePolicy",
] as const;

function validateEphemeral(
  container: EphemeralContainer,
  { containers = [], initContainers = [] }: PodSpec,
  path: Path,
  errors: Errors,
): void {
  const target = container.targetContainerName;
  if (target && ![...containers, ...initContainers].some(({ name }) => name === target)) {
    errors.notFound(path.child("targetContainerName"), target);
  }
  for (const member of EPHEMERAL_FORBIDDEN) {
    const value = container[member];
    const empty = value === undefined || Object.keys(value).length === 0;
    if (!empty) {
      errors.forbidden(path.child(member), "cannot be set for an Ephemeral Container");
    }
  }
  for (const [i, { subPath, subPathExpr }] of (container.volumeMounts ?? []).entries()) {
    const at = path.child("volumeMounts").at(i);
    const text = "cannot be set for an Ephemeral Container";
    if (subPath) errors.forbidden(at.child("subPath"), text);
    if (subPathExpr) errors.forbidden(at.child("subPathExpr"), text);
  }
}
