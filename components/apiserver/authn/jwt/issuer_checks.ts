import type { JsonValue } from "../../../base/mod.ts";
import { ConfigurationError } from "../../configuration/mod.ts";
import type { ClaimMapping } from "./configuration.ts";

export function checkUrl(url: string, path: string): void {
  if (url === "") throw new ConfigurationError(`${path}: Required value: URL is required`);
  const parsed = URL.parse(url);
  if (parsed === null) return invalid(path, url, "must be a URL");
  if (parsed.protocol !== "https:") invalid(path, url, "URL scheme must be https");
  if (parsed.username !== "" || parsed.password !== "") {
    invalid(path, url, "URL must not contain a username or password");
  }
  if (parsed.search !== "") invalid(path, url, "URL must not contain a query");
  if (parsed.hash !== "") invalid(path, url, "URL must not contain a fragment");
}

export function checkAudiences(
  { audiences, audienceMatchPolicy }: {
    readonly audiences: readonly string[];
    readonly audienceMatchPolicy: string;
  },
  path: string,
): void {
  if (audiences.length === 0) {
    throw new ConfigurationError(
      `${path}.audiences: Required value: at least one ${path}.audiences is required`,
    );
  }
  const seen = new Set<string>();
  for (const [i, audience] of audiences.entries()) {
    if (audience === "") {
      throw new ConfigurationError(
        `${path}.audiences[${i}]: Required value: audience can't be empty`,
      );
    }
    if (seen.has(audience)) {
      throw new ConfigurationError(
        `${path}.audiences[${i}]: Duplicate value: ${JSON.stringify(audience)}`,
      );
    }
    seen.add(audience);
  }
  if (audiences.length > 1 && audienceMatchPolicy !== "MatchAny") {
    invalid(
      `${path}.audienceMatchPolicy`,
      audienceMatchPolicy,
      "audienceMatchPolicy must be MatchAny for multiple audiences",
    );
  }
}

const EXTRA_KEY = /^[a-z0-9.-]{1,253}\/[a-z0-9/.%_~-]{1,500}$/;
const OWN_DOMAIN = /(^|\.)(kubernetes|k8s)\.io$/;

export function checkExtraKey(key: string, seen: Set<string>, path: string): void {
  if (key === "") throw new ConfigurationError(`${path}: Required value`);
  if (key !== key.toLowerCase()) invalid(path, key, "key must be lowercase");
  if (!EXTRA_KEY.test(key)) invalid(path, key, "must be a domain-prefixed path");
  if (OWN_DOMAIN.test(key.slice(0, key.indexOf("/")))) {
    invalid(
      path,
      key,
      "domains k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use",
    );
  }
  if (seen.has(key)) {
    throw new ConfigurationError(`${path}: Duplicate value: ${JSON.stringify(key)}`);
  }
  seen.add(key);
}

/** An address that the issuer has not verified is anybody's: an expression that uses it must look. */
export function checkEmail(username: ClaimMapping, others: readonly string[], path: string): void {
  if (!("expression" in username)) return;
  const { text: written } = username.expression;
  if (!/claims\s*(\.\s*email\b(?!_)|\[\s*['"]email['"]\s*\])/.test(written)) return;
  if ([written, ...others].some((one) => one.includes("email_verified"))) return;
  invalid(
    path,
    written,
    "claims.email_verified must be used in claimMappings.username.expression or " +
      "claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when " +
      "claims.email is used in claimMappings.username.expression",
  );
}

export function invalid(path: string, value: JsonValue, why: string): never {
  throw new ConfigurationError(`${path}: Invalid value: ${JSON.stringify(value)}: ${why}`);
}
