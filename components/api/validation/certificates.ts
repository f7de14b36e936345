import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from "../generated/types.ts";
import { byteLength, dnsLabelProblems, dnsSubdomainProblems } from "../names.ts";
import type { Errors } from "./errors.ts";
import { Path } from "./path.ts";

const SPEC = Path.of("spec");
const CONDITIONS = Path.of("status", "conditions");
const CERTIFICATE = Path.of("status", "certificate");
const SECONDS_MINIMUM = 600;
const DOMAIN_MAXIMUM = 253;
/** A domain, a slash, and a label and a subdomain with a dot between them. */
const SIGNER_MAXIMUM = DOMAIN_MAXIMUM + (DOMAIN_MAXIMUM + 63 + 1) + 1;
const LEGACY = "kubernetes.io/legacy-unknown";

export function validateSigningRequest(
  { spec = {}, status }: CertificateSigningRequest,
  errors: Errors,
): void {
  const { request = "", usages = [], signerName = "", expirationSeconds } = spec;
  const problem = pemProblem(request, "CERTIFICATE REQUEST");
  if (problem !== undefined) errors.invalid(SPEC.child("request"), request, problem);
  if (usages.length === 0) errors.required(SPEC.child("usages"));
  for (const [i, usage] of usages.entries()) {
    if (usages.indexOf(usage) !== i) errors.duplicate(SPEC.child("usages").at(i), usage);
  }
  if (signerName === LEGACY) {
    errors.invalid(
      SPEC.child("signerName"),
      signerName,
      "the legacy signerName is not allowed via this API version",
    );
  } else validateSignerName(signerName, SPEC.child("signerName"), errors);
  if (expirationSeconds !== undefined && expirationSeconds < SECONDS_MINIMUM) {
    errors.invalid(
      SPEC.child("expirationSeconds"),
      expirationSeconds,
      "may not specify a duration less than 600 seconds (10 minutes)",
    );
  }
  validateConditions(status?.conditions ?? [], errors);
}

/** `example.com/name`: who signs. */
export function validateSignerName(name: string, path: Path, errors: Errors): void {
  if (name === "") return errors.required(path);
  const [domain = "", rest, ...more] = name.split("/");
  if (rest === undefined || more.length > 0) {
    return errors.invalid(
      path,
      name,
      "must be a fully qualified domain and path of the form 'example.com/signer-name'",
    );
  }
  if (domain.length > DOMAIN_MAXIMUM) errors.tooLong(path, DOMAIN_MAXIMUM);
  const labels = domain.split(".");
  for (const label of labels) {
    for (const text of dnsLabelProblems(label)) {
      errors.invalid(path, domain, `validating label ${JSON.stringify(label)}: ${text}`);
    }
  }
  if (labels.length < 2) {
    errors.invalid(
      path,
      domain,
      "should be a domain with at least two segments separated by dots",
    );
  }
  for (const label of rest.split(".")) {
    for (const text of dnsSubdomainProblems(label)) {
      errors.invalid(path, rest, `validating label ${JSON.stringify(label)}: ${text}`);
    }
  }
  if (byteLength(name) > SIGNER_MAXIMUM) errors.tooLong(path, SIGNER_MAXIMUM);
}

const STATUSES = ["False", "True", "Unknown"];
/** Which are never said to be otherwise. */
const DECISIONS = ["Approved", "Denied", "Failed"];

function validateConditions(
  conditions: readonly CertificateSigningRequestCondition[],
  errors: Errors,
): void {
  const seen = new Set<string>();
  for (const [i, { type = "", status = "" }] of conditions.entries()) {
    const at = CONDITIONS.at(i);
    if (type === "") errors.required(at.child("type"));
    if (status === "") errors.required(at.child("status"));
    else if (!STATUSES.includes(status)) errors.notSupported(at.child("status"), status, STATUSES);
    else if (DECISIONS.includes(type) && status !== "True") {
      errors.notSupported(at.child("status"), status, ["True"]);
    }
    const other = type === "Approved" ? "Denied" : type === "Denied" ? "Approved" : undefined;
    if (other !== undefined && seen.has(other)) {
      errors.invalid(
        at.child("type"),
        type,
        "Approved and Denied conditions are mutually exclusive",
      );
    }
    if (seen.has(type)) errors.duplicate(at.child("type"), type);
    seen.add(type);
  }
}

/** What signers write, at `status`, and deciders, at `approval`. */
export function validateSigningStatus(
  next: CertificateSigningRequest,
  old: CertificateSigningRequest,
  errors: Errors,
  door: "status" | "approval",
): void {
  const [now, before] = [next.status ?? {}, old.status ?? {}];
  validateConditions(now.conditions ?? [], errors);
  const of = (type: string, { conditions = [] }: typeof now) =>
    conditions.filter((each) => each.type === type);
  for (const type of DECISIONS) {
    const [given, held] = [of(type, now), of(type, before)];
    if (given.length < held.length) {
      errors.forbidden(CONDITIONS, `updates may not remove a condition of type "${type}"`);
    }
    if (door === "status" && type !== "Failed" && given.length > held.length) {
      errors.forbidden(CONDITIONS, `updates may not add a condition of type "${type}"`);
    }
  }
  if ((now.certificate ?? "") === (before.certificate ?? "")) return;
  if (door === "approval") {
    errors.forbidden(CERTIFICATE, "updates may not set certificate content");
  } else if (before.certificate) {
    errors.forbidden(CERTIFICATE, "updates may not modify existing certificate content");
  }
  if (!now.certificate) return;
  const problem = certificatesProblem(now.certificate);
  if (problem !== undefined) errors.invalid(CERTIFICATE, "<certificate data>", problem);
}

/** The blocks of a text of PEM, which stands in base64; undefined for what is no text. */
function blocksOf(base64: string): { type: string; body: string }[] {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.fromBase64(base64));
  } catch {
    return [];
  }
  const found: { type: string; body: string }[] = [];
  for (let at = 0;;) {
    const begin = text.indexOf("-----BEGIN ", at);
    const head = text.indexOf("-----", begin + 11);
    if (begin < 0 || head < 0) return found;
    const type = text.slice(begin + 11, head);
    const end = text.indexOf(`-----END ${type}-----`, head);
    if (end < 0) return found;
    found.push({ type, body: text.slice(head + 5, end).trim() });
    at = end + type.length;
  }
}

function pemProblem(base64: string, type: string): string | undefined {
  const [block] = blocksOf(base64);
  if (block === undefined || block.type !== type) return `PEM block type must be ${type}`;
  if (block.body.includes(":")) return "no PEM block headers are permitted";
  return isSequence(block.body) ? undefined : "asn1: syntax error: invalid DER";
}

function certificatesProblem(base64: string): string | undefined {
  const blocks = blocksOf(base64);
  if (blocks.length === 0) return "must contain at least one CERTIFICATE PEM block";
  for (const { type, body } of blocks) {
    if (type !== "CERTIFICATE") {
      return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`;
    }
    if (body.includes(":")) return "no PEM block headers are permitted";
    if (!isSequence(body)) return "asn1: syntax error: invalid DER";
  }
  return undefined;
}

/** True for base64 of one DER sequence and nothing behind it: what is in it is for those who sign. */
function isSequence(base64: string): boolean {
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.fromBase64(base64);
  } catch {
    return false;
  }
  const [tag, first = 0] = bytes;
  if (tag !== 0x30) return false;
  if (first < 0x80) return bytes.length === 2 + first;
  const count = first & 0x7f;
  if (count === 0 || count > 4) return false;
  const length = bytes.slice(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0);
  return bytes.length === 2 + count + length;
}
