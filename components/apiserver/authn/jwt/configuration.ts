import type { JsonObject } from "../../../base/mod.ts";
import {
  choice,
  ConfigurationError,
  fallback,
  flag,
  list,
  members,
  optional,
  readConfigurationDocument,
  text,
} from "../../configuration/mod.ts";
import { ClaimExpression, type ExpressionPurpose } from "./claim_expression.ts";
import { checkAudiences, checkEmail, checkExtraKey, checkUrl, invalid } from "./issuer_checks.ts";

/** A value taken from one claim, with a prefix, or made by an expression. */
export type ClaimMapping =
  | { readonly claim: string; readonly prefix: string }
  | { readonly expression: ClaimExpression };

export type ClaimRule =
  | { readonly claim: string; readonly requiredValue: string }
  | { readonly expression: ClaimExpression; readonly message: string };

/** An issuer whose tokens are taken, and whom they stand for. */
export interface JwtIssuer {
  readonly url: string;
  readonly discoveryUrl: string;
  /** PEM of the authorities to trust instead of the machine's own. */
  readonly certificateAuthority?: string;
  /** A token must be for one of them. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  readonly claimRules: readonly ClaimRule[];
  readonly username: ClaimMapping;
  readonly groups?: ClaimMapping;
  readonly uid?: ClaimMapping;
  readonly extra: readonly { readonly key: string; readonly expression: ClaimExpression }[];
  readonly userRules: readonly {
    readonly expression: ClaimExpression;
    readonly message: string;
  }[];
}

/** Who may ask without credentials: nobody, everybody, or everybody for certain paths. */
export interface AnonymousAccess {
  readonly enabled: boolean;
  /** Any path where not given. */
  readonly paths?: ReadonlySet<string>;
}

export interface AuthenticationConfiguration {
  readonly jwt: readonly JwtIssuer[];
  readonly anonymous?: AnonymousAccess;
}

export const ALL_ALGORITHMS: readonly string[] = [
  "RS256",
  "RS384",
  "RS512",
  "ES256",
  "ES384",
  "ES512",
  "PS256",
  "PS384",
  "PS512",
];
const VERSIONS = ["v1", "v1beta1", "v1alpha1"].map((one) => `apiserver.config.k8s.io/${one}`);
const WELL_KNOWN = "/.well-known/openid-configuration";
const ISSUERS_MAXIMUM = 64;

const mapping = members({
  claim: fallback(text, ""),
  prefix: optional(text),
  expression: fallback(text, ""),
});
const rule = members({
  claim: fallback(text, ""),
  requiredValue: fallback(text, ""),
  expression: fallback(text, ""),
  message: fallback(text, ""),
});

const file = members({
  jwt: list(members({
    issuer: members({
      url: fallback(text, ""),
      discoveryURL: fallback(text, ""),
      certificateAuthority: fallback(text, ""),
      audiences: list(text),
      audienceMatchPolicy: fallback(choice("", "MatchAny"), ""),
      egressSelectorType: fallback(choice("", "controlplane", "cluster"), ""),
    }),
    claimValidationRules: list(rule),
    claimMappings: members({
      username: mapping,
      groups: fallback(mapping, undefined),
      uid: fallback(mapping, undefined),
      extra: list(members({ key: text, valueExpression: text })),
    }),
    userValidationRules: list(members({
      expression: text,
      message: fallback(text, ""),
    })),
  })),
  anonymous: optional(members({
    enabled: fallback(flag, false),
    conditions: list(members({ path: text })),
  })),
});

/** Reads `--authentication-config`. `ownIssuers` sign service-account tokens. Throws `ConfigurationError`. */
export function readAuthenticationConfiguration(
  written: string,
  ownIssuers: readonly string[],
): AuthenticationConfiguration {
  const { content } = readConfigurationDocument(written, "AuthenticationConfiguration", VERSIONS);
  return authenticationConfiguration(content, ownIssuers);
}

/** The same of what such a file holds. */
export function authenticationConfiguration(
  content: JsonObject,
  ownIssuers: readonly string[],
): AuthenticationConfiguration {
  const { jwt, anonymous } = file(content, "");
  if (jwt.length > ISSUERS_MAXIMUM) {
    throw new ConfigurationError(
      `jwt: Too many: ${jwt.length}: must have at most ${ISSUERS_MAXIMUM} items`,
    );
  }
  const seen = new Set<string>();
  const issuers = jwt.map((one, i) => {
    const path = `jwt[${i}]`;
    const { url } = one.issuer;
    if (seen.has(url)) {
      throw new ConfigurationError(
        `${path}.issuer.url: Duplicate value: ${JSON.stringify(url)}`,
      );
    }
    seen.add(url);
    if (ownIssuers.includes(url)) {
      invalid(
        `${path}.issuer.url`,
        url,
        "URL must not overlap with disallowed issuers: " +
          `[${ownIssuers.join(" ")}]`,
      );
    }
    return issuerOf(one, path);
  });
  if (anonymous === undefined) return { jwt: issuers };
  const { enabled, conditions } = anonymous;
  if (!enabled && conditions.length > 0) {
    invalid(
      "anonymous.conditions",
      "",
      "enabled should be set to true when conditions are defined",
    );
  }
  return {
    jwt: issuers,
    anonymous: {
      enabled,
      ...(conditions.length === 0 ? {} : { paths: new Set(conditions.map(({ path }) => path)) }),
    },
  };
}

type FileIssuer = ReturnType<typeof file>["jwt"][number];

function issuerOf(
  { issuer, claimMappings, claimValidationRules, userValidationRules }: FileIssuer,
  path: string,
): JwtIssuer {
  checkUrl(issuer.url, `${path}.issuer.url`);
  if (issuer.discoveryURL !== "") {
    checkUrl(issuer.discoveryURL, `${path}.issuer.discoveryURL`);
    if (issuer.discoveryURL === issuer.url) {
      invalid(
        `${path}.issuer.discoveryURL`,
        issuer.discoveryURL,
        "discoveryURL must be different from URL",
      );
    }
  }
  if (issuer.egressSelectorType !== "") {
    invalid(
      `${path}.issuer.egressSelectorType`,
      issuer.egressSelectorType,
      "this server has no egress selectors",
    );
  }
  checkAudiences(issuer, `${path}.issuer`);
  const at = `${path}.claimMappings`;
  const username = mappingOf(claimMappings.username, "username", `${at}.username`, true);
  if (username === undefined) {
    throw new ConfigurationError(`${at}.username: Required value: claim or expression is required`);
  }
  const groups = mappingOf(claimMappings.groups, "groups", `${at}.groups`, true);
  const uid = mappingOf(claimMappings.uid, "uid", `${at}.uid`, false);
  const keys = new Set<string>();
  const extra = claimMappings.extra.map(({ key, valueExpression }, i) => {
    checkExtraKey(key, keys, `${at}.extra[${i}].key`);
    return {
      key,
      expression: new ClaimExpression(
        valueExpression,
        "extra",
        `${at}.extra[${i}].valueExpression`,
      ),
    };
  });
  const claimRules = claimValidationRules.map((one, i) =>
    ruleOf(one, `${path}.claimValidationRules[${i}]`)
  );
  checkEmail(username, [
    ...extra.map(({ expression }) => expression.text),
    ...claimRules.flatMap((one) => "expression" in one ? [one.expression.text] : []),
  ], `${at}.username.expression`);
  return {
    url: issuer.url,
    discoveryUrl: issuer.discoveryURL === ""
      ? issuer.url.replace(/\/$/, "") + WELL_KNOWN
      : issuer.discoveryURL,
    ...(issuer.certificateAuthority === ""
      ? {}
      : { certificateAuthority: issuer.certificateAuthority }),
    audiences: issuer.audiences,
    algorithms: ALL_ALGORITHMS,
    claimRules,
    username,
    ...(groups === undefined ? {} : { groups }),
    ...(uid === undefined ? {} : { uid }),
    extra,
    userRules: userValidationRules.map(({ expression, message }, i) => ({
      expression: new ClaimExpression(
        expression,
        "userRule",
        `${path}.userValidationRules[${i}].expression`,
      ),
      message,
    })),
  };
}

function mappingOf(
  written: { claim: string; prefix: string | undefined; expression: string } | undefined,
  purpose: ExpressionPurpose,
  path: string,
  prefixed: boolean,
): ClaimMapping | undefined {
  if (written === undefined) return undefined;
  const { claim, prefix, expression } = written;
  if (claim !== "" && expression !== "") {
    invalid(path, "", "claim and expression can't both be set");
  }
  if (expression !== "") {
    if (prefix !== undefined) {
      invalid(`${path}.prefix`, prefix, "prefix can't be set when expression is set");
    }
    return { expression: new ClaimExpression(expression, purpose, `${path}.expression`) };
  }
  if (claim === "") {
    if (prefix !== undefined && prefix !== "") {
      invalid(`${path}.prefix`, prefix, "non-empty prefix isn't allowed when claim is unset");
    }
    return undefined;
  }
  if (prefixed && prefix === undefined) {
    throw new ConfigurationError(
      `${path}.prefix: Required value: prefix is required when claim is set. It can be set to an ` +
        "empty string to disable prefixing",
    );
  }
  return { claim, prefix: prefix ?? "" };
}

function ruleOf(
  { claim, requiredValue, expression, message }: ReturnType<typeof rule>,
  path: string,
): ClaimRule {
  if (claim !== "" && expression !== "") {
    invalid(path, claim, "claim and expression can't both be set");
  }
  if (claim === "" && expression === "") {
    throw new ConfigurationError(`${path}: Required value: claim or expression is required`);
  }
  if (claim !== "") {
    if (message !== "") {
      invalid(`${path}.message`, message, "message can't be set when claim is set");
    }
    return { claim, requiredValue };
  }
  if (requiredValue !== "") {
    invalid(
      `${path}.requiredValue`,
      requiredValue,
      "requiredValue can't be set when expression is set",
    );
  }
  return {
    expression: new ClaimExpression(expression, "claimRule", `${path}.expression`),
    message,
  };
}
