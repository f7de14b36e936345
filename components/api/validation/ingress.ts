import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressClass,
  TypedLocalObjectReference,
} from "../generated/types.ts";
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  pathSegmentProblems,
  portNameProblems,
  portNumberProblems,
  wildcardSubdomainProblems,
} from "../names.ts";
import type { Errors } from "./errors.ts";
import { IMMUTABLE } from "./metadata.ts";
import { Path } from "./path.ts";
import { isIpAddress } from "./pod/spec.ts";

const SPEC = Path.of("spec");

const CLASS_ANNOTATION = "kubernetes.io/ingress.class";

/** On top of the rules of all ingresses: both ways to name a class say the same. */
export function validateNewIngress(ingress: Ingress, errors: Errors): void {
  validateIngress(ingress, errors);
  const named = ingress.metadata?.annotations?.[CLASS_ANNOTATION];
  const wanted = ingress.spec?.ingressClassName;
  if (named === undefined || wanted === undefined || named === wanted) return;
  errors.invalid(
    Path.of("annotations").child(CLASS_ANNOTATION),
    named,
    "must match `ingressClassName` when both are specified",
  );
}

export function validateIngress({ spec = {} }: Ingress, errors: Errors): void {
  const { rules = [], defaultBackend, tls = [], ingressClassName } = spec;
  if (rules.length === 0 && defaultBackend === undefined) {
    errors.invalid(SPEC, rules, "either `defaultBackend` or `rules` must be specified");
  }
  if (defaultBackend !== undefined) {
    validateBackend(defaultBackend, SPEC.child("defaultBackend"), errors);
  }
  for (const [i, { host = "", http }] of rules.entries()) {
    const at = SPEC.child("rules").at(i);
    if (host !== "") {
      if (isIpAddress(host)) {
        errors.invalid(at.child("host"), host, "must be a DNS name, not an IP address");
      } else validateHost(host, at.child("host"), errors);
    }
    if (http === undefined) continue;
    const paths = at.child("http").child("paths");
    if (!http.paths?.length) errors.required(paths);
    for (const [j, path] of (http.paths ?? []).entries()) validatePath(path, paths.at(j), errors);
  }
  for (const [i, { hosts, secretName = "" }] of tls.entries()) {
    if (secretName !== "") {
      const problems = dnsSubdomainProblems(secretName);
      errors.invalidAll(SPEC.child("tls").at(i).child("secretName"), secretName, problems);
    }
    for (const [j, host] of (hosts ?? []).entries()) {
      validateHost(host, SPEC.child("tls").at(i).child("hosts").at(j), errors);
    }
  }
  if (ingressClassName !== undefined) {
    const problems = dnsSubdomainProblems(ingressClassName);
    errors.invalidAll(SPEC.child("ingressClassName"), ingressClassName, problems);
  }
}

function validateHost(host: string, path: Path, errors: Errors): void {
  const problems = host.includes("*")
    ? wildcardSubdomainProblems(host)
    : dnsSubdomainProblems(host);
  errors.invalidAll(path, host, problems);
}

const PATH_TYPES = ["Exact", "ImplementationSpecific", "Prefix"];

function validatePath(rule: HTTPIngressPath, path: Path, errors: Errors): void {
  const { pathType, path: text = "", backend } = rule;
  const at = path.child("path");
  if (pathType === undefined) errors.required(path.child("pathType"), "pathType must be specified");
  else if (!PATH_TYPES.includes(pathType)) {
    errors.notSupported(path.child("pathType"), pathType, PATH_TYPES);
  } else if (pathType === "ImplementationSpecific") {
    if (text !== "" && !text.startsWith("/")) errors.invalid(at, text, "must be an absolute path");
  } else {
    if (!text.startsWith("/")) errors.invalid(at, text, "must be an absolute path");
    for (const bad of ["//", "/./", "/../", "%2f", "%2F"]) {
      if (text.includes(bad)) errors.invalid(at, text, `must not contain '${bad}'`);
    }
    for (const bad of ["/..", "/."]) {
      if (text.endsWith(bad)) errors.invalid(at, text, `cannot end with '${bad}'`);
    }
  }
  validateBackend(backend ?? {}, path.child("backend"), errors);
}

function validateBackend(backend: IngressBackend, path: Path, errors: Errors): void {
  const { service, resource } = backend;
  if (service !== undefined && resource !== undefined) {
    errors.invalid(path, "", "cannot set both resource and service backends");
  } else if (resource !== undefined) {
    validateReference(resource, path.child("resource"), errors);
  } else if (service !== undefined) {
    const at = path.child("service");
    const { name = "", port = {} } = service;
    if (name === "") errors.required(at.child("name"));
    else errors.invalidAll(at.child("name"), name, dnsLabelProblems(name));
    const named = port.name !== undefined && port.name !== "";
    if (named && port.number) errors.invalid(path, "", "cannot set both port name & port number");
    else if (named && port.name !== undefined) {
      const problems = portNameProblems(port.name);
      errors.invalidAll(at.child("port").child("name"), port.name, problems);
    } else if (!named && !port.number) errors.required(path, "port name or number is required");
    else if (port.number) {
      const problems = portNumberProblems(port.number);
      errors.invalidAll(at.child("port").child("number"), port.number, problems);
    }
  } else errors.required(path, "resource or service backend is required");
}

/** What another API's object is known by. */
function validateReference(
  { apiGroup, kind = "", name = "" }: TypedLocalObjectReference,
  path: Path,
  errors: Errors,
): void {
  if (apiGroup !== undefined) {
    errors.invalidAll(path.child("apiGroup"), apiGroup, dnsSubdomainProblems(apiGroup));
  }
  for (const [member, text] of [["kind", kind], ["name", name]] as const) {
    if (text === "") errors.required(path.child(member));
    else errors.invalidAll(path.child(member), text, pathSegmentProblems(text));
  }
}

/** What balancers say: addresses and names. */
export function validateIngressStatus({ status }: Ingress, _old: Ingress, errors: Errors): void {
  for (const [i, { ip, hostname }] of (status?.loadBalancer?.ingress ?? []).entries()) {
    const at = Path.of("status", "loadBalancer", "ingress").at(i);
    if (ip && !isIpAddress(ip)) {
      errors.invalid(
        at.child("ip"),
        ip,
        "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
      );
    }
    if (!hostname) continue;
    errors.invalidAll(at.child("hostname"), hostname, dnsSubdomainProblems(hostname));
    if (isIpAddress(hostname)) {
      errors.invalid(at.child("hostname"), hostname, "must be a DNS name, not an IP address");
    }
  }
}

export function validateIngressClass({ spec = {} }: IngressClass, errors: Errors): void {
  const { controller = "", parameters } = spec;
  const at = SPEC.child("controller");
  if (controller.length > 250) errors.tooLong(at, 250);
  const slash = controller.indexOf("/");
  if (controller === "") errors.required(at);
  else if (slash <= 0 || slash === controller.length - 1) {
    errors.invalid(at, controller, 'must be a domain-prefixed path (such as "acme.io/foo")');
  } else {
    const host = controller.slice(0, slash);
    errors.invalidAll(at, host, dnsSubdomainProblems(host));
  }
  if (parameters === undefined) return;
  const path = SPEC.child("parameters");
  validateReference(parameters, path, errors);
  const { scope = "", namespace } = parameters;
  if (scope === "Namespace") {
    if (namespace === undefined) {
      errors.required(path.child("namespace"), "`parameters.scope` is set to 'Namespace'");
    } else errors.invalidAll(path.child("namespace"), namespace, dnsLabelProblems(namespace));
  } else if (scope === "Cluster") {
    if (namespace !== undefined) {
      errors.forbidden(path.child("namespace"), "`parameters.scope` is set to 'Cluster'");
    }
  } else if (scope === "") errors.required(path.child("scope"));
  else errors.notSupported(path.child("scope"), scope, ["Cluster", "Namespace"]);
}

export function validateIngressClassUpdate(
  next: IngressClass,
  old: IngressClass,
  errors: Errors,
): void {
  if (next.spec?.controller !== old.spec?.controller) {
    errors.invalid(SPEC.child("controller"), next.spec?.controller ?? "", IMMUTABLE);
  }
  validateIngressClass(next, errors);
}
