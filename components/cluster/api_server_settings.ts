import {
  type AdmissionConfiguration,
  type ApiServerOptions,
  checkAdmissionPlugins,
  ConfigurationError,
  imagePolicyOf,
  readAdmissionConfiguration,
} from "../apiserver/mod.ts";
import { authenticationSettings, parseTokenFile, webhookEndpoint } from "./authentication_files.ts";
import { authorizationSettings } from "./authorization_files.ts";
import { proxyClientOf } from "./front_proxy_files.ts";
import { StartError } from "./start_error.ts";

/** What an API server is told beyond where it runs: names and files, as kube-apiserver's flags of these names. */
export interface ApiServerFlags {
  readonly enableAdmissionPlugins?: readonly string[];
  readonly disableAdmissionPlugins?: readonly string[];
  readonly admissionControlConfigFile?: string;
  readonly authenticationConfig?: string;
  readonly anonymousAuth?: string;
  readonly tokenAuthFile?: string;
  readonly authenticationTokenWebhookConfigFile?: string;
  readonly authenticationTokenWebhookVersion?: string;
  readonly authenticationTokenWebhookCacheTtl?: string;
  readonly oidcIssuerUrl?: string;
  readonly oidcClientId?: string;
  readonly oidcCaFile?: string;
  readonly oidcUsernameClaim?: string;
  readonly oidcUsernamePrefix?: string;
  readonly oidcGroupsClaim?: string;
  readonly oidcGroupsPrefix?: string;
  readonly oidcRequiredClaim?: readonly string[];
  readonly oidcSigningAlgs?: readonly string[];
  readonly serviceAccountIssuer?: readonly string[];
  readonly apiAudiences?: readonly string[];
  readonly requestheaderClientCaFile?: string;
  readonly requestheaderAllowedNames?: readonly string[];
  readonly requestheaderUsernameHeaders?: readonly string[];
  readonly requestheaderUidHeaders?: readonly string[];
  readonly requestheaderGroupHeaders?: readonly string[];
  readonly requestheaderExtraHeadersPrefix?: readonly string[];
  readonly proxyClientCertFile?: string;
  readonly proxyClientKeyFile?: string;
  readonly authorizationConfig?: string;
  readonly authorizationMode?: readonly string[];
  readonly authorizationPolicyFile?: string;
  readonly authorizationWebhookConfigFile?: string;
  readonly authorizationWebhookVersion?: string;
  readonly authorizationWebhookCacheAuthorizedTtl?: string;
  readonly authorizationWebhookCacheUnauthorizedTtl?: string;
}

/** The part of an API server's options that flags and their files decide. */
export type ApiServerSettings = Pick<
  ApiServerOptions,
  | "admission"
  | "apiAudiences"
  | "authentication"
  | "authorization"
  | "issuer"
  | "olderIssuers"
  | "proxyClient"
  | "tokens"
>;

/** Reads the files that the flags name. Rejects with `StartError` for what is wrong in one. */
export async function readApiServerSettings(
  flags: ApiServerFlags,
  ownIssuers: readonly string[],
): Promise<ApiServerSettings> {
  try {
    const authorization = await authorizationSettings(flags);
    return {
      admission: await admissionOf(flags),
      ...(authorization === undefined ? {} : { authorization }),
      ...issuersOf(flags),
      ...(flags.apiAudiences === undefined ? {} : { apiAudiences: flags.apiAudiences }),
      authentication: await authenticationSettings(flags, ownIssuers),
      ...await proxyClientOf(flags),
      ...(flags.tokenAuthFile === undefined
        ? {}
        : { tokens: parseTokenFile(await readText(flags.tokenAuthFile), flags.tokenAuthFile) }),
    };
  } catch (error) {
    if (error instanceof ConfigurationError) throw new StartError(error.message);
    throw error;
  }
}

/** Rejects with `StartError` for flags, or files that they name, with which no server can be started. */
export async function checkApiServerFlags(flags: ApiServerFlags): Promise<void> {
  await readApiServerSettings(flags, []);
}

async function admissionOf(flags: ApiServerFlags): Promise<AdmissionConfiguration> {
  const { admissionControlConfigFile: file } = flags;
  const plugins = file === undefined ? new Map() : await readAdmissionConfiguration(
    await readText(file),
    (path) => readText(path.startsWith("/") ? path : besides(file, path)),
  );
  const configuration = {
    enable: flags.enableAdmissionPlugins ?? [],
    disable: flags.disableAdmissionPlugins ?? [],
    plugins,
  };
  checkAdmissionPlugins(configuration);
  const kubeconfig = imagePolicyOf(plugins)?.kubeconfig;
  if (kubeconfig === undefined) return configuration;
  const endpoints = new Map([[kubeconfig, await webhookEndpoint(kubeconfig)]]);
  return { ...configuration, endpoints };
}

/** Who signs service accounts' tokens: the first new ones, tokens of all are taken. */
export function serviceAccountIssuers(flags: ApiServerFlags, domain: string): readonly string[] {
  const { serviceAccountIssuer = [] } = flags;
  return serviceAccountIssuer.length > 0
    ? serviceAccountIssuer
    : [`https://kubernetes.default.svc.${domain}`];
}

function issuersOf({ serviceAccountIssuer: issuers = [] }: ApiServerFlags) {
  const [issuer, ...olderIssuers] = issuers;
  return issuer === undefined ? {} : { issuer, olderIssuers };
}

/** A path in the folder of another file. */
function besides(file: string, path: string): string {
  const slash = file.lastIndexOf("/");
  return slash < 0 ? path : file.slice(0, slash + 1) + path;
}

/** The text of a file; rejects with `StartError`. */
export async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new StartError(`${path}: ${error instanceof Error ? error.message : error}`);
  }
}
