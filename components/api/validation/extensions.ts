import type {
  AdmissionregistrationV1WebhookClientConfig,
  MutatingWebhook,
  MutatingWebhookConfiguration,
} from "../generated/types.ts";
import { dns1035LabelProblems, dnsSubdomainProblems, portNumberProblems } from "../names.ts";
import { validateMatchConditions, validateRule } from "./admission_matching.ts";
import type { Errors } from "./errors.ts";
import { Path } from "./path.ts";
import { validateLabelSelector } from "./selector.ts";

/** The rules of both kinds of webhook configuration. */
export function validateWebhooks(
  { webhooks = [] }: MutatingWebhookConfiguration,
  errors: Errors,
): void {
  const names = new Set<string>();
  for (const [i, webhook] of webhooks.entries()) {
    const at = Path.of("webhooks").at(i);
    validateWebhook(webhook, at, errors);
    const { name = "" } = webhook;
    if (names.has(name)) errors.duplicate(at.child("name"), name);
    names.add(name);
  }
}

const SIDE_EFFECTS = ["None", "NoneOnDryRun"];
const VERSIONS = ["v1", "v1beta1"];

function validateWebhook(webhook: MutatingWebhook, path: Path, errors: Errors): void {
  const { name = "", sideEffects, timeoutSeconds, admissionReviewVersions = [] } = webhook;
  if (name === "") errors.required(path.child("name"));
  else {
    const problems = dnsSubdomainProblems(name);
    errors.invalidAll(path.child("name"), name, problems);
    if (problems.length === 0 && name.split(".").length < 3) {
      errors.invalid(
        path.child("name"),
        name,
        "should be a domain with at least three segments separated by dots",
      );
    }
  }
  if (admissionReviewVersions.length === 0) {
    errors.required(
      path.child("admissionReviewVersions"),
      `must specify one of ${VERSIONS.join(", ")}`,
    );
  } else if (!admissionReviewVersions.some((version) => VERSIONS.includes(version))) {
    errors.invalid(
      path.child("admissionReviewVersions"),
      admissionReviewVersions,
      `must include at least one of ${VERSIONS.join(", ")}`,
    );
  }
  for (const [i, version] of admissionReviewVersions.entries()) {
    const at = path.child("admissionReviewVersions").at(i);
    if (admissionReviewVersions.indexOf(version) < i) {
      errors.invalid(at, version, "duplicate version");
    } else errors.invalidAll(at, version, dns1035LabelProblems(version));
  }
  for (const [i, rule] of (webhook.rules ?? []).entries()) {
    validateRule(rule, path.child("rules").at(i), errors);
  }
  if (sideEffects === undefined) {
    errors.required(path.child("sideEffects"), `must specify one of ${SIDE_EFFECTS.join(", ")}`);
  } else if (!SIDE_EFFECTS.includes(sideEffects)) {
    errors.notSupported(path.child("sideEffects"), sideEffects, SIDE_EFFECTS);
  }
  if (timeoutSeconds !== undefined && (timeoutSeconds < 1 || timeoutSeconds > 30)) {
    errors.invalid(
      path.child("timeoutSeconds"),
      timeoutSeconds,
      "the timeout value must be between 1 and 30 seconds",
    );
  }
  validateLabelSelector(webhook.namespaceSelector, path.child("namespaceSelector"), errors);
  validateLabelSelector(webhook.objectSelector, path.child("objectSelector"), errors);
  validateClientConfig(webhook.clientConfig ?? {}, path.child("clientConfig"), errors);
  validateMatchConditions(webhook.matchConditions, path.child("matchConditions"), errors);
}

/** Where a webhook is: a URL or a Service. */
export function validateClientConfig(
  config: AdmissionregistrationV1WebhookClientConfig,
  path: Path,
  errors: Errors,
): void {
  const { url, service } = config;
  if ((url === undefined) === (service === undefined)) {
    return errors.required(path, "exactly one of url or service is required");
  }
  if (url !== undefined) validateUrl(url, path.child("url"), errors);
  if (service !== undefined) {
    const at = path.child("service");
    if (!service.name) errors.required(at.child("name"), "service name is required");
    if (!service.namespace) errors.required(at.child("namespace"), "service namespace is required");
    if (service.port !== undefined) {
      for (const problem of portNumberProblems(service.port)) {
        errors.invalid(at.child("port"), service.port, `port is not valid: ${problem}`);
      }
    }
    if (service.path !== undefined) validateServicePath(service.path, at.child("path"), errors);
  }
}

const FORM = "; desired format: https://host[/path]";

function validateUrl(url: string, path: Path, errors: Errors): void {
  const parsed = URL.parse(url);
  if (parsed === null) {
    const [, scheme = ""] = /^([a-z][a-z0-9+.-]*):/i.exec(url) ?? [];
    // Without a host it may still be read, as a path.
    if (scheme !== "" && !/^[^:]*:\/*$/.test(url)) {
      return errors.required(path, `url must be a valid URL: ${url}${FORM}`);
    }
    if (scheme !== "https") {
      errors.invalid(path, scheme, `'https' is the only allowed URL scheme${FORM}`);
    }
    return errors.invalid(path, "", `host must be specified${FORM}`);
  }
  if (parsed.protocol !== "https:") {
    const scheme = parsed.protocol.slice(0, -1);
    errors.invalid(path, scheme, `'https' is the only allowed URL scheme${FORM}`);
  }
  const user = [parsed.username, parsed.password].filter((part) => part !== "").join(":");
  if (user !== "") errors.invalid(path, user, "user information is not permitted in the URL");
  if (parsed.hash !== "") {
    errors.invalid(path, parsed.hash.slice(1), "fragments are not permitted in the URL");
  }
  if (parsed.search !== "") {
    errors.invalid(path, parsed.search.slice(1), "query parameters are not permitted in the URL");
  }
}

/** Steps that are subdomains, with a slash before the first. */
function validateServicePath(text: string, path: Path, errors: Errors): void {
  if (text === "" || text === "/") return;
  if (text === "//") return errors.invalid(path, text, "segment[0] may not be empty");
  if (!text.startsWith("/")) errors.invalid(path, text, "must start with a '/'");
  for (const [i, step] of text.slice(1).replace(/\/$/, "").split("/").entries()) {
    if (step === "") errors.invalid(path, text, `segment[${i}] may not be empty`);
    else {
      for (const problem of dnsSubdomainProblems(step)) {
        errors.invalid(path, text, `segment[${i}]: ${problem}`);
      }
    }
  }
}
