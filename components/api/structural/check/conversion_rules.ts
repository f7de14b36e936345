import type {
  ApiextensionsV1ServiceReference as ServiceReference,
  CustomResourceConversion,
} from "../../generated/types.ts";
import { dns1035LabelProblems, dnsSubdomainProblems, portNumberProblems } from "../../names.ts";
import type { ValueErrors } from "../value_errors.ts";
import { bundleProblem, shownBundle } from "./authority_bundle.ts";
import type { VersionOptions } from "./options.ts";

const AT = "spec.conversion";
const REVIEW_VERSIONS = ["v1", "v1beta1"];
const FORM = "; desired format: https://host[/path]";

export function checkConversion(
  conversion: CustomResourceConversion | undefined,
  options: VersionOptions,
  errors: ValueErrors,
): void {
  if (conversion === undefined) return;
  const { strategy = "", webhook } = conversion;
  if (strategy === "") errors.required(`${AT}.strategy`);
  else if (strategy !== "None" && strategy !== "Webhook") {
    errors.notSupported(`${AT}.strategy`, strategy, ["None", "Webhook"]);
  }
  const client = webhook?.clientConfig;
  const versions = webhook?.conversionReviewVersions ?? [];
  const clientAt = `${AT}.webhookClientConfig`;
  if (strategy !== "Webhook") {
    const text = "should not be set when strategy is not set to Webhook";
    if (client !== undefined) errors.forbidden(clientAt, text);
    if (versions.length > 0) errors.forbidden(`${AT}.conversionReviewVersions`, text);
    return;
  }
  if (client === undefined) {
    errors.required(clientAt, "required when strategy is set to Webhook");
  } else if ((client.url === undefined) === (client.service === undefined)) {
    errors.required(clientAt, "exactly one of url or service is required");
  } else if (client.url !== undefined) checkUrl(client.url, `${clientAt}.url`, errors);
  else if (client.service !== undefined) {
    checkService(client.service, `${clientAt}.service`, errors);
  }
  const { caBundle = "" } = client ?? {};
  const problem = options.requireReadableBundle ? bundleProblem(caBundle) : undefined;
  if (problem !== undefined) {
    errors.invalid(`${clientAt}.caBundle`, shownBundle(caBundle), problem);
  }
  checkReviewVersions(versions, options.requireReviewVersion, errors);
}

function checkUrl(text: string, path: string, errors: ValueErrors): void {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    const absolute = /^[a-z][a-z0-9+.-]*:/i.test(text);
    if (!absolute) {
      errors.invalid(path, "", `'https' is the only allowed URL scheme${FORM}`);
      errors.invalid(path, "", `host must be specified${FORM}`);
    } else errors.required(path, `url must be a valid URL: ${JSON.stringify(text)}${FORM}`);
    return;
  }
  const scheme = url.protocol.slice(0, -1);
  if (scheme !== "https") {
    errors.invalid(path, scheme, `'https' is the only allowed URL scheme${FORM}`);
  }
  if (url.host === "") errors.invalid(path, "", `host must be specified${FORM}`);
  if (url.username !== "" || url.password !== "") {
    const user = url.password === "" ? url.username : `${url.username}:${url.password}`;
    errors.invalid(path, user, "user information is not permitted in the URL");
  }
  if (url.hash.length > 1) {
    errors.invalid(path, url.hash.slice(1), "fragments are not permitted in the URL");
  }
  if (url.search.length > 1) {
    errors.invalid(path, url.search.slice(1), "query parameters are not permitted in the URL");
  }
}

function checkService(service: ServiceReference, path: string, errors: ValueErrors): void {
  const { name = "", namespace = "", port = 443, path: at } = service;
  if (name === "") errors.required(`${path}.name`);
  if (namespace === "") errors.required(`${path}.namespace`);
  const problems = portNumberProblems(port);
  if (problems.length > 0) {
    errors.invalid(`${path}.port`, port, `port is not valid: ${problems.join(", ")}`);
  }
  if (at === undefined || at === "" || at === "/") return;
  if (at === "//") return errors.invalid(`${path}.path`, at, "segment[0] may not be empty");
  if (!at.startsWith("/")) errors.invalid(`${path}.path`, at, "must start with a '/'");
  for (const [i, step] of at.slice(1).replace(/\/$/, "").split("/").entries()) {
    if (step === "") errors.invalid(`${path}.path`, at, `segment[${i}] may not be empty`);
    else {
      for (const problem of dnsSubdomainProblems(step)) {
        errors.invalid(`${path}.path`, at, `segment[${i}]: ${problem}`);
      }
    }
  }
}

function checkReviewVersions(
  versions: readonly string[],
  requireKnown: boolean,
  errors: ValueErrors,
): void {
  const at = `${AT}.conversionReviewVersions`;
  if (versions.length === 0) return errors.required(at);
  const seen = new Set<string>();
  for (const [i, version] of versions.entries()) {
    if (seen.has(version)) {
      errors.invalid(`${at}[${i}]`, version, "duplicate version");
      continue;
    }
    seen.add(version);
    for (const problem of dns1035LabelProblems(version)) {
      errors.invalid(`${at}[${i}]`, version, problem);
    }
  }
  if (requireKnown && !REVIEW_VERSIONS.some((version) => seen.has(version))) {
    errors.invalid(at, versions, `must include at least one of ${REVIEW_VERSIONS.join(", ")}`);
  }
}
