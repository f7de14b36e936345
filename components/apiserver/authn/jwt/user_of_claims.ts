import { isJsonObject, type JsonObject, type JsonValue, unauthorized } from "../../../base/mod.ts";
import type { UserInfo } from "../../ports.ts";
import type { ClaimExpression } from "./claim_expression.ts";
import type { ClaimMapping, JwtIssuer } from "./configuration.ts";

/** The user that verified claims stand for. Throws 401, with upstream's words for why. Pure. */
export function userOfClaims(issuer: JwtIssuer, claims: JsonObject): UserInfo {
  const username = usernameOf(issuer.username, claims);
  for (const rule of issuer.claimRules) {
    if ("expression" in rule) {
      if (evaluate(rule.expression, claims, "claim validation") === true) continue;
      throw refused(rule.message || `validation expression '${rule.expression.text}' failed`);
    }
    const value = claims[rule.claim];
    if (value === undefined) throw refused(`required claim ${rule.claim} not present in ID token`);
    if (value !== rule.requiredValue) {
      throw refused(
        `required claim ${rule.claim} value does not match. Got = ${show(value)}, want = ` +
          rule.requiredValue,
      );
    }
  }
  const groups = issuer.groups === undefined ? [] : listOf(issuer.groups, claims, "groups");
  const uid = issuer.uid === undefined ? "" : textOf(issuer.uid, claims, "uid");
  const extra: Record<string, string[]> = {};
  for (const { key, expression } of issuer.extra) {
    const values = texts(evaluate(expression, claims, "extra"), "extra");
    if (values.length > 0) extra[key] = values;
  }
  const user: UserInfo = {
    username,
    groups,
    ...(uid === "" ? {} : { uid }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
  checkUser(issuer, user);
  return user;
}

function usernameOf(mapping: ClaimMapping, claims: JsonObject): string {
  const username = textOf(mapping, claims, "username");
  if ("claim" in mapping && mapping.claim === "email") {
    // Where the issuer says whether the address is the user's, it must be.
    const verified = claims["email_verified"];
    if (verified !== undefined && verified !== true) throw refused("email not verified");
  }
  if (username === "") throw refused("empty username");
  return username;
}

function checkUser(issuer: JwtIssuer, user: UserInfo): void {
  if (issuer.userRules.length === 0) return;
  const shown = {
    username: user.username,
    uid: user.uid ?? "",
    groups: [...user.groups],
    extra: user.extra ?? {},
  };
  for (const { expression, message } of issuer.userRules) {
    if (evaluate(expression, shown, "user info validation") === true) continue;
    throw refused(message || `validation expression '${expression.text}' failed`);
  }
}

function textOf(mapping: ClaimMapping, claims: JsonObject, what: string): string {
  if ("expression" in mapping) {
    const value = evaluate(mapping.expression, claims, what);
    if (typeof value !== "string") {
      throw refused(`error evaluating ${what} claim expression: not a string`);
    }
    return value;
  }
  const value = claims[mapping.claim];
  if (value === undefined) {
    throw refused(`parse ${what} claims ${JSON.stringify(mapping.claim)}: claim not present`);
  }
  if (typeof value !== "string") {
    throw refused(`parse ${what} claims ${JSON.stringify(mapping.claim)}: claim is not a string`);
  }
  return mapping.prefix + value;
}

function listOf(mapping: ClaimMapping, claims: JsonObject, what: string): string[] {
  if ("expression" in mapping) return texts(evaluate(mapping.expression, claims, what), what);
  const value = claims[mapping.claim];
  if (value === undefined || value === null) return [];
  return texts(value, what).map((one) => mapping.prefix + one);
}

/** One text or a list of them; nothing and empty texts are none. */
function texts(value: JsonValue, what: string): string[] {
  if (value === null || value === "") return [];
  if (typeof value === "string") return [value];
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) {
    return (value as string[]).filter((one) => one !== "");
  }
  throw refused(`${what} claim must be a string or a list of strings`);
}

function evaluate(expression: ClaimExpression, value: unknown, what: string): JsonValue {
  try {
    return expression.evaluate(value);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw refused(`error evaluating ${what} expression: ${why}`);
  }
}

const refused = (why: string) => unauthorized(`oidc: ${why}`);

const show = (value: JsonValue): string =>
  typeof value === "string" ? value : isJsonObject(value) ? "{…}" : JSON.stringify(value);
