import { equalJson, invalid } from "../../../base/mod.ts";
import type { KubeObject, Namespace, Pod, PodSpec } from "../../../api/served.ts";
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from "../../ports.ts";
import { rejected } from "../target.ts";
import { DEFAULT_CONFIGURATION, type PodSecurityConfiguration } from "./configuration.ts";
import {
  LEVELS,
  type Policy,
  policyOf,
  showStandard,
  showViolations,
  violationsOf,
} from "./policy.ts";
import type { Standard } from "./policy.ts";
import type { PodSecurityMeter } from "./pod_security_metrics.ts";
import type { PodShape } from "./standard.ts";

/** Pods of a namespace that a stricter policy is tried on at once. */
const CHECKED_MAXIMUM_PODS = 3000;
const ANNOTATION = "pod-security.kubernetes.io/";

/** Subresources of pods that cannot change what a pod may do. */
const HARMLESS = new Set([
  "exec",
  "attach",
  "binding",
  "eviction",
  "log",
  "portforward",
  "proxy",
  "status",
]);

type Template = { readonly metadata?: KubeObject["metadata"]; readonly spec?: PodSpec };
type WithTemplate = {
  readonly template?: Template;
  readonly spec?: {
    readonly template?: Template;
    readonly jobTemplate?: { readonly spec?: { readonly template?: Template } };
  };
};

/** Where kinds that make pods have the template of them. */
const TEMPLATES: Readonly<Record<string, (object: WithTemplate) => Template | undefined>> = {
  "podtemplates.": ({ template }) => template,
  "replicationcontrollers.": ({ spec }) => spec?.template,
  "replicasets.apps": ({ spec }) => spec?.template,
  "deployments.apps": ({ spec }) => spec?.template,
  "statefulsets.apps": ({ spec }) => spec?.template,
  "daemonsets.apps": ({ spec }) => spec?.template,
  "jobs.batch": ({ spec }) => spec?.template,
  "cronjobs.batch": ({ spec }) => spec?.jobTemplate?.spec?.template,
};

/** Holds pods to the pod security standard that their namespace's labels name. */
export class PodSecurity implements AdmissionPlugin {
  readonly name = "PodSecurity";
  readonly #reader: ObjectReader;
  readonly #configuration: PodSecurityConfiguration;

  readonly #meter: PodSecurityMeter | undefined;

  constructor(
    reader: ObjectReader,
    configuration: PodSecurityConfiguration | undefined,
    meter?: PodSecurityMeter,
  ) {
    this.#reader = reader;
    this.#meter = meter;
    this.#configuration = configuration ?? DEFAULT_CONFIGURATION;
  }

  handles({ operation, definition, subresource }: AdmissionRequest): boolean {
    if (operation !== "CREATE" && operation !== "UPDATE") return false;
    const resource = `${definition.plural}.${definition.group}`;
    if (resource === "pods.") return !HARMLESS.has(subresource);
    return subresource === "" && (resource === "namespaces." || resource in TEMPLATES);
  }

  validate(request: AdmissionRequest): void {
    const { plural, group } = request.definition;
    if (plural === "namespaces") return this.#namespace(request);
    const { exemptions, defaults } = this.#configuration;
    if (exemptions.namespaces.includes(request.namespace)) {
      return this.#exempt(request, "namespace");
    }
    if (exemptions.usernames.includes(request.user.username)) return this.#exempt(request, "user");
    const namespace = this.#reader.get<Namespace>("", "namespaces", "", request.namespace);
    const { policy, errors } = policyOf(namespace?.metadata?.labels, defaults);
    const isPod = plural === "pods";
    const isPrivileged = policy.warn.level === "privileged" &&
      policy.audit.level === "privileged" &&
      (!isPod || policy.enforce.level === "privileged");
    if (isPrivileged && errors.length === 0) {
      if (isPod) this.#meter?.evaluated(request, "enforce", policy.enforce, true);
      return;
    }
    const shape = isPod
      ? podShape(request)
      : TEMPLATES[`${plural}.${group}`]?.(request.object as WithTemplate);
    if (shape === undefined) return;
    const pod = { metadata: shape.metadata ?? {}, spec: shape.spec ?? {} };
    if (exemptions.runtimeClasses.includes(pod.spec.runtimeClassName || "\0")) {
      return this.#exempt(request, "runtimeClass");
    }
    if (errors.length > 0) {
      const text = errors.map(({ field, message }) => `${field}: ${message}`).join(", ");
      this.#meter?.failed(request);
      request.annotate?.(`${ANNOTATION}error`, `Failed to parse policy: ${text}`);
    }
    evaluate(request, policy, pod, isPod, this.#meter);
  }

  #exempt(request: AdmissionRequest, why: string): void {
    this.#meter?.exempted(request);
    request.annotate?.(`${ANNOTATION}exempt`, why);
  }

  #namespace(request: AdmissionRequest): void {
    const { defaults, exemptions } = this.#configuration;
    const labelsOf = (object: KubeObject | undefined) => object?.metadata?.labels;
    const now = policyOf(labelsOf(request.object), defaults);
    const before = policyOf(labelsOf(request.oldObject), defaults);
    const isCreate = request.operation === "CREATE";
    if (now.errors.length > 0 && (isCreate || !equalJson(now.errors, before.errors))) {
      throw invalid({ group: "", kind: "Namespace" }, request.name, now.errors);
    }
    if (isCreate) return;
    const [wanted, had] = [now.policy.enforce, before.policy.enforce];
    const isStricter = wanted.version !== had.version ||
      LEVELS.indexOf(wanted.level) > LEVELS.indexOf(had.level);
    if (equalJson(wanted, had) || wanted.level === "privileged" || !isStricter) return;
    const exemptNamespace = exemptions.namespaces.includes(request.name);
    if (!exemptNamespace) this.#warnOfPods(request, wanted);
  }

  /** Says which pods that already run would be refused now: they go on running. */
  #warnOfPods(request: AdmissionRequest, standard: Standard): void {
    const pods = this.#reader.list<Pod>("", "pods", request.name);
    const checked = pods.slice(0, CHECKED_MAXIMUM_PODS);
    const byReasons = new Map<string, string[]>();
    for (const { metadata = {}, spec = {} } of checked) {
      const { runtimeClasses } = this.#configuration.exemptions;
      if (runtimeClasses.includes(spec.runtimeClassName || "\0")) continue;
      const reasons = violationsOf(standard, { metadata, spec }).map(({ reason }) => reason);
      if (reasons.length === 0) continue;
      const key = reasons.join(", ");
      byReasons.set(key, [...byReasons.get(key) ?? [], metadata.name ?? ""]);
    }
    if (checked.length < pods.length) {
      request.warn(
        `new PodSecurity enforce level only checked against the first ${checked.length} of ` +
          `${pods.length} existing pods`,
      );
    }
    if (byReasons.size === 0) return;
    request.warn(
      `existing pods in namespace ${JSON.stringify(request.name)} violate the new PodSecurity ` +
        `enforce level ${JSON.stringify(showStandard(standard))}`,
    );
    const texts = [...byReasons].map(([reasons, names]) => {
      const others = names.length - 1;
      const more = others === 0 ? "" : ` (and ${others} other ${others === 1 ? "pod" : "pods"})`;
      return `${names.sort()[0]}${more}: ${reasons}`;
    });
    for (const text of texts.sort()) request.warn(text);
  }
}

function evaluate(
  request: AdmissionRequest,
  { enforce, audit, warn }: Policy,
  pod: PodShape,
  isPod: boolean,
  meter: PodSecurityMeter | undefined,
): void {
  const texts = new Map<string, string>();
  const problems = (standard: Standard): string => {
    const key = showStandard(standard);
    let text = texts.get(key);
    if (text === undefined) texts.set(key, text = showViolations(violationsOf(standard, pod)));
    return text;
  };
  const says = (standard: Standard, found: string) =>
    `violate PodSecurity ${JSON.stringify(showStandard(standard))}: ${found}`;
  const noted = problems(audit);
  meter?.evaluated(request, "audit", audit, noted === "");
  if (noted !== "") {
    request.annotate?.(`${ANNOTATION}audit-violations`, `would ${says(audit, noted)}`);
  }
  if (isPod) {
    request.annotate?.(`${ANNOTATION}enforce-policy`, showStandard(enforce));
    const found = problems(enforce);
    meter?.evaluated(request, "enforce", enforce, found === "");
    if (found !== "") {
      throw rejected(
        request,
        `violates PodSecurity ${JSON.stringify(showStandard(enforce))}: ${found}`,
      );
    }
  }
  const told = problems(warn);
  meter?.evaluated(request, "warn", warn, told === "");
  if (told !== "") request.warn(`would ${says(warn, told)}`);
}

/** The pod, where it is new or something that the standards are about has changed. */
function podShape({ operation, object, oldObject }: AdmissionRequest): Template | undefined {
  const pod = object as Pod;
  return operation === "CREATE" || isSignificant(pod, oldObject as Pod) ? pod : undefined;
}

function isSignificant(pod: Pod, old: Pod): boolean {
  const facts = ({ metadata, spec }: Pod) => {
    const { containers = [], initContainers = [], ephemeralContainers = [] } = spec ?? {};
    const seccomp = (key: string) => metadata?.annotations?.[key];
    const of = (all: readonly { name?: string; image?: string }[]) =>
      all.map(({ name, image }) => [
        name,
        image,
        seccomp(`container.seccomp.security.alpha.kubernetes.io/${name}`),
      ]);
    return [
      seccomp("seccomp.security.alpha.kubernetes.io/pod"),
      of(containers),
      of(initContainers),
      of(ephemeralContainers),
    ];
  };
  return !equalJson(facts(pod), facts(old));
}
