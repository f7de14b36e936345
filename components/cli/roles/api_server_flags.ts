import { resolve } from "node:path";
import type { ApiServerFlags } from "../../cluster/mod.ts";
import type { Flag, ParsedFlags } from "../flags.ts";

/** kube-apiserver's flags about who may do what, each with the setting that it makes. */
const TEXTS = {
  "admission-control-config-file": [
    "admissionControlConfigFile",
    "FILE",
    "configurations of admission plugins (AdmissionConfiguration)",
  ],
  "authentication-config": [
    "authenticationConfig",
    "FILE",
    "issuers of tokens and anonymous access (AuthenticationConfiguration)",
  ],
  "anonymous-auth": [
    "anonymousAuth",
    "BOOL",
    "whether requests may come without credentials (true)",
  ],
  "token-auth-file": ["tokenAuthFile", "FILE", 'tokens of users: token,name,uid,"group,…"'],
  "authentication-token-webhook-config-file": [
    "authenticationTokenWebhookConfigFile",
    "FILE",
    "kubeconfig of a webhook that knows tokens",
  ],
  "authentication-token-webhook-version": [
    "authenticationTokenWebhookVersion",
    "VERSION",
    "of the TokenReview that it is sent (v1beta1)",
  ],
  "authentication-token-webhook-cache-ttl": [
    "authenticationTokenWebhookCacheTtl",
    "DURATION",
    "how long its good answers are remembered (2m)",
  ],
  "requestheader-client-ca-file": [
    "requestheaderClientCaFile",
    "FILE",
    "authority of proxies that say for whom they ask (the cluster's own)",
  ],
  "proxy-client-cert-file": [
    "proxyClientCertFile",
    "FILE",
    "certificate that is shown to extension API servers (one of the cluster's own)",
  ],
  "proxy-client-key-file": ["proxyClientKeyFile", "FILE", "its key"],
  "authorization-config": [
    "authorizationConfig",
    "FILE",
    "who is asked who may do what (AuthorizationConfiguration)",
  ],
  "authorization-policy-file": ["authorizationPolicyFile", "FILE", "policies of mode ABAC"],
  "authorization-webhook-config-file": [
    "authorizationWebhookConfigFile",
    "FILE",
    "kubeconfig of the webhook of mode Webhook",
  ],
  "authorization-webhook-version": [
    "authorizationWebhookVersion",
    "VERSION",
    "of the SubjectAccessReview that it is sent (v1beta1)",
  ],
  "authorization-webhook-cache-authorized-ttl": [
    "authorizationWebhookCacheAuthorizedTtl",
    "DURATION",
    "how long it is remembered that it allowed (5m)",
  ],
  "authorization-webhook-cache-unauthorized-ttl": [
    "authorizationWebhookCacheUnauthorizedTtl",
    "DURATION",
    "how long it is remembered that it did not (30s)",
  ],
  "oidc-issuer-url": ["oidcIssuerUrl", "URL", "issuer of OpenID Connect tokens"],
  "oidc-client-id": ["oidcClientId", "ID", "whom its tokens must be for"],
  "oidc-ca-file": ["oidcCaFile", "FILE", "authority of its server (the machine's)"],
  "oidc-username-claim": ["oidcUsernameClaim", "NAME", "the claim that is the user (sub)"],
  "oidc-username-prefix": ["oidcUsernamePrefix", "TEXT", "before every user name; - for none"],
  "oidc-groups-claim": ["oidcGroupsClaim", "NAME", "the claim that is the user's groups"],
  "oidc-groups-prefix": ["oidcGroupsPrefix", "TEXT", "before every group's name"],
} as const satisfies Table;

const LISTS = {
  "enable-admission-plugins": [
    "enableAdmissionPlugins",
    "NAME,…",
    "admission plugins to run beside the usual ones",
  ],
  "disable-admission-plugins": [
    "disableAdmissionPlugins",
    "NAME,…",
    "usual admission plugins not to run",
  ],
  "authorization-mode": [
    "authorizationMode",
    "NAME,…",
    "who is asked in turn: Node, RBAC, ABAC, Webhook, AlwaysAllow, AlwaysDeny (Node,RBAC)",
  ],
  "requestheader-allowed-names": [
    "requestheaderAllowedNames",
    "NAME,…",
    "names of such proxies (any)",
  ],
  "requestheader-username-headers": [
    "requestheaderUsernameHeaders",
    "NAME,…",
    "headers of the user (X-Remote-User)",
  ],
  "requestheader-uid-headers": [
    "requestheaderUidHeaders",
    "NAME,…",
    "headers of the user's uid (X-Remote-Uid)",
  ],
  "requestheader-group-headers": [
    "requestheaderGroupHeaders",
    "NAME,…",
    "headers of the user's groups (X-Remote-Group)",
  ],
  "requestheader-extra-headers-prefix": [
    "requestheaderExtraHeadersPrefix",
    "TEXT,…",
    "before the names of headers of all else (X-Remote-Extra-)",
  ],
  "service-account-issuer": [
    "serviceAccountIssuer",
    "URL,…",
    "of service accounts' tokens: the first signs, all are taken",
  ],
  "api-audiences": ["apiAudiences", "NAME,…", "whom tokens must be for (the issuer)"],
  "oidc-required-claim": ["oidcRequiredClaim", "NAME=VALUE,…", "claims that a token must have"],
  "oidc-signing-algs": ["oidcSigningAlgs", "NAME,…", "signatures that are taken (RS256)"],
} as const satisfies Table;

type Table = Readonly<
  Record<string, readonly [setting: keyof ApiServerFlags, value: string, help: string]>
>;

export const API_SERVER_FLAGS: readonly Flag[] = Object.entries({ ...LISTS, ...TEXTS })
  .map(([name, [, value, help]]) => ({ name, kind: "text", value, help }));

/** The settings as the flags have them. Pure. */
export function apiServerFlags(flags: ParsedFlags): ApiServerFlags {
  const settings: Record<string, unknown> = {};
  for (const [name, [setting]] of Object.entries(TEXTS)) {
    const written = flags.text(name);
    if (written !== undefined) settings[setting] = written;
  }
  for (const [name, [setting]] of Object.entries(LISTS)) {
    const written = flags.text(name);
    if (written !== undefined) settings[setting] = written.split(",").filter((one) => one !== "");
  }
  return settings;
}

/** The flags as they were given, for a process that runs elsewhere: files by their whole path. */
export function apiServerArguments(flags: ParsedFlags): string[] {
  return API_SERVER_FLAGS.flatMap(({ name, value: kind }) => {
    const value = flags.text(name);
    if (value === undefined) return [];
    return [`--${name}=${kind === "FILE" ? resolve(value) : value}`];
  });
}
