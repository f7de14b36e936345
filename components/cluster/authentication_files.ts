import { parseDuration } from "../base/mod.ts";
import {
  type AuthenticationSettings,
  ConfigurationError,
  oidcConfiguration,
  readAuthenticationConfiguration,
  type UserInfo,
  type WebhookEndpoint,
} from "../apiserver/mod.ts";
import { connect } from "./connection.ts";
import { type ApiServerFlags, readText } from "./api_server_settings.ts";
import { frontProxiesOf } from "./front_proxy_files.ts";
import { readKubeconfig } from "./kubeconfig_file.ts";

const WEBHOOK_CACHE = "2m";

/** What the flags about authentication say. Rejects with `ConfigurationError` or `StartError`. */
export async function authenticationSettings(
  flags: ApiServerFlags,
  ownIssuers: readonly string[],
): Promise<AuthenticationSettings> {
  const { authenticationConfig: file, anonymousAuth, oidcIssuerUrl } = flags;
  if (file !== undefined && oidcIssuerUrl !== undefined) {
    throw new ConfigurationError(
      "authentication-config file and oidc-* flags are mutually exclusive",
    );
  }
  const configuration = file !== undefined
    ? readAuthenticationConfiguration(await readText(file), ownIssuers)
    : await ofOidcFlags(flags, ownIssuers);
  if (configuration?.anonymous !== undefined && anonymousAuth !== undefined) {
    throw new ConfigurationError(
      "--anonymous-auth flag cannot be set when anonymous field is configured in " +
        "authentication configuration file",
    );
  }
  const webhook = flags.authenticationTokenWebhookConfigFile;
  const frontProxies = await frontProxiesOf(flags);
  return {
    ...(frontProxies === undefined ? {} : { frontProxies }),
    ...(configuration === undefined ? {} : { configuration }),
    ...(anonymousAuth === undefined ? {} : { anonymous: anonymousAuth !== "false" }),
    ...(webhook === undefined ? {} : {
      webhook: {
        endpoint: await webhookEndpoint(webhook),
        version: flags.authenticationTokenWebhookVersion === "v1" ? "v1" : "v1beta1",
        cacheMilliseconds: durationOf(
          "authentication-token-webhook-cache-ttl",
          flags.authenticationTokenWebhookCacheTtl ?? WEBHOOK_CACHE,
        ),
      },
    }),
  };
}

async function ofOidcFlags(flags: ApiServerFlags, ownIssuers: readonly string[]) {
  const { oidcIssuerUrl: issuerUrl, oidcClientId: clientId, oidcCaFile } = flags;
  if (issuerUrl === undefined && clientId === undefined) return undefined;
  if (issuerUrl === undefined || clientId === undefined) {
    throw new ConfigurationError("oidc-issuer-url and oidc-client-id must be specified together");
  }
  const required = (flags.oidcRequiredClaim ?? []).map((pair): [string, string] => {
    const equals = pair.indexOf("=");
    if (equals < 1) throw new ConfigurationError(`oidc-required-claim: ${pair} is no key=value`);
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  const given = {
    usernameClaim: flags.oidcUsernameClaim,
    usernamePrefix: flags.oidcUsernamePrefix,
    groupsClaim: flags.oidcGroupsClaim,
    groupsPrefix: flags.oidcGroupsPrefix,
    signingAlgorithms: flags.oidcSigningAlgs,
    certificateAuthority: oidcCaFile === undefined ? undefined : await readText(oidcCaFile),
  };
  const known = Object.entries(given).filter(([, value]) => value !== undefined);
  return oidcConfiguration({
    issuerUrl,
    clientId,
    requiredClaims: new Map(required),
    ...Object.fromEntries(known),
  }, ownIssuers);
}

/** Where a webhook's kubeconfig leads. */
export async function webhookEndpoint(kubeconfig: string): Promise<WebhookEndpoint> {
  const access = await readKubeconfig(kubeconfig);
  const { server, fetch } = connect(access, "apiserver");
  const { token } = access;
  return {
    url: server,
    fetch(request) {
      if (token !== undefined) request.headers.set("authorization", `Bearer ${token}`);
      return fetch(request);
    },
  };
}

/** A flag's length of time in milliseconds. */
export function durationOf(flag: string, written: string): number {
  try {
    return parseDuration(written);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(
      `invalid argument ${JSON.stringify(written)} for "--${flag}" flag: ${why}`,
    );
  }
}

/** Users of a file of lines `token,name,uid,"group,group"`, by token. Throws `ConfigurationError`. Pure. */
export function parseTokenFile(text: string, path: string): Map<string, UserInfo> {
  const users = new Map<string, UserInfo>();
  for (const [i, line] of text.split("\n").entries()) {
    const written = line.trim();
    if (written === "" || written.startsWith("#")) continue;
    const fields = [...written.matchAll(/"([^"]*)"(?:,|$)|([^,]*)(?:,|$)/g)]
      .map((match) => (match[1] ?? match[2] ?? "").trim());
    const [token = "", username = "", uid = "", groups = ""] = fields;
    if (token === "" || username === "") {
      throw new ConfigurationError(
        `${path}:${i + 1}: token file must have at least 3 columns (token, user name, user uid)`,
      );
    }
    users.set(token, {
      username,
      ...(uid === "" ? {} : { uid }),
      groups: groups.split(",").map((one) => one.trim()).filter((one) => one !== ""),
    });
  }
  return users;
}
