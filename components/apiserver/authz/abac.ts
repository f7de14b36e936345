import { isJsonObject, type JsonObject } from "../../base/mod.ts";
import { ConfigurationError } from "../configuration/mod.ts";
import type { AuthorizationAttributes, AuthorizationDecision, Authorizer } from "../ports.ts";

/** One line of a policy file: who may do what. Empty members are nothing, a star is everything. */
interface Line {
  readonly user: string;
  readonly group: string;
  readonly readonly: boolean;
  readonly apiGroup: string;
  readonly resource: string;
  readonly namespace: string;
  readonly nonResourcePath: string;
}

const READS = new Set(["get", "list", "watch"]);

/** Attribute-based access control by a file with one policy a line. Throws `ConfigurationError` for a wrong one. */
export function abacAuthorizer(text: string, path: string): Authorizer {
  const lines: Line[] = [];
  for (const [i, written] of text.split("\n").entries()) {
    if (written.trim() === "" || written.trim().startsWith("#")) continue;
    lines.push(readLine(written, `${path}:${i + 1}`));
  }
  return {
    authorize: (attributes) => lines.some((line) => allows(line, attributes)) ? ALLOWED : NO_POLICY,
  };
}

const ALLOWED: AuthorizationDecision = { allowed: true, reason: "" };
const NO_POLICY: AuthorizationDecision = { allowed: false, reason: "No policy matched." };

function readLine(written: string, place: string): Line {
  let parsed: unknown;
  try {
    parsed = JSON.parse(written);
  } catch {
    throw new ConfigurationError(`${place}: no JSON`);
  }
  if (
    !isJsonObject(parsed as JsonObject) ||
    (parsed as JsonObject)["kind"] !== "Policy" ||
    (parsed as JsonObject)["apiVersion"] !== "abac.authorization.kubernetes.io/v1beta1"
  ) {
    throw new ConfigurationError(
      `${place}: no Policy of abac.authorization.kubernetes.io/v1beta1`,
    );
  }
  const spec = (parsed as { spec?: JsonObject }).spec ?? {};
  const text = (name: string) => typeof spec[name] === "string" ? spec[name] as string : "";
  return {
    user: text("user"),
    group: text("group"),
    readonly: spec["readonly"] === true,
    apiGroup: text("apiGroup"),
    resource: text("resource"),
    namespace: text("namespace"),
    nonResourcePath: text("nonResourcePath"),
  };
}

function allows(line: Line, attributes: AuthorizationAttributes): boolean {
  return isFor(line, attributes) && (!line.readonly || READS.has(attributes.verb)) &&
    (attributes.isResourceRequest ? reaches(line, attributes) : reachesPath(line, attributes));
}

function isFor({ user, group }: Line, { user: { username, groups } }: AuthorizationAttributes) {
  if (user === "" && group === "") return false;
  const isUser = user === "" || user === "*" || user === username;
  const isGroup = group === "" || group === "*" || groups.includes(group);
  return isUser && isGroup;
}

const fits = (written: string, value: string): boolean => written === "*" || written === value;

function reaches(line: Line, { namespace, resource, group }: AuthorizationAttributes): boolean {
  return fits(line.namespace, namespace) && fits(line.resource, resource) &&
    fits(line.apiGroup, group);
}

function reachesPath({ nonResourcePath: written }: Line, { path }: AuthorizationAttributes) {
  if (written === "" || written === "*") return written === "*";
  return written.endsWith("*") ? path.startsWith(written.slice(0, -1)) : path === written;
}
