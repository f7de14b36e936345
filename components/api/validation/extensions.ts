import type {
  AdmissionregistrationV1WebhookClientConfig,
  MutatingWebhook,
  MutatingWebhookConfiguration,
} from "../generated/types.ts";
import { dnsSubdomainProblems, portNumberProblems } from "../names.ts";
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
  if (url !== undefined) {
    const parsed = URL.parse(url);
    const at = path.child("url");
    if (parsed === null) {
      errors.required(at, `url must be a valid URL: ${url}; desired format: https://host[/path]`);
    } else if (parsed.protocol !== "https:") {
      errors.invalid(
        at,
        url,
        `'https' is the only allowed URL scheme; desired format: https://host[/path]`,
      );
    }
  }
  if (service !== undefined) {
    const at = path.child("service");
    if (!service.name) errors.required(at.child("name"), "service name is required");
    if (!service.namespace) errors.required(at.child("namespace"), "service namespace is required");
    if (service.port !== undefined) {
      errors.invalidAll(at.child("port"), service.port, portNumberProblems(service.port));
    }
  }
}
