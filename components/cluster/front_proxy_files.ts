import { ConfigurationError, FRONT_PROXY_HEADERS, type FrontProxies } from "../apiserver/mod.ts";
import type { Credential } from "../pki/mod.ts";
import { type ApiServerFlags, readText } from "./api_server_settings.ts";

const HEADER_FLAGS = [
  ["requestheader-username-headers", "requestheaderUsernameHeaders"],
  ["requestheader-uid-headers", "requestheaderUidHeaders"],
  ["requestheader-group-headers", "requestheaderGroupHeaders"],
  ["requestheader-extra-headers-prefix", "requestheaderExtraHeadersPrefix"],
] as const;
/** The characters of a header's name. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The proxies that the flags let speak for others; undefined where these are the cluster's own. */
export async function frontProxiesOf(flags: ApiServerFlags): Promise<FrontProxies | undefined> {
  for (const [flag, setting] of HEADER_FLAGS) {
    for (const name of flags[setting] ?? []) {
      if (name.trim() === "") {
        throw new ConfigurationError(`empty value in ${JSON.stringify(flag)}`);
      }
      if (TOKEN.test(name)) continue;
      throw new ConfigurationError(`--${flag}: ${JSON.stringify(name)} is no name of a header`);
    }
  }
  const file = flags.requestheaderClientCaFile;
  if (file === undefined) {
    const given = [
      ...HEADER_FLAGS.map(([flag, setting]) => [flag, flags[setting]] as const),
      [
        "requestheader-allowed-names",
        flags.requestheaderAllowedNames,
      ] as const,
    ].find(([, value]) => value !== undefined);
    if (given === undefined) return undefined;
    throw new ConfigurationError(
      `--${given[0]} says nothing without --requestheader-client-ca-file`,
    );
  }
  const authority = await readText(file);
  if (!authority.includes("-----BEGIN CERTIFICATE-----")) {
    throw new ConfigurationError(
      `unable to load client CA provider: data does not contain any valid RSA or ECDSA certificates: ${file}`,
    );
  }
  return {
    authority,
    allowedNames: flags.requestheaderAllowedNames ?? [],
    usernameHeaders: flags.requestheaderUsernameHeaders ?? FRONT_PROXY_HEADERS.usernameHeaders,
    uidHeaders: flags.requestheaderUidHeaders ?? FRONT_PROXY_HEADERS.uidHeaders,
    groupHeaders: flags.requestheaderGroupHeaders ?? FRONT_PROXY_HEADERS.groupHeaders,
    extraPrefixes: flags.requestheaderExtraHeadersPrefix ?? FRONT_PROXY_HEADERS.extraPrefixes,
  };
}

/** What is shown to servers behind this one. */
export async function proxyClientOf(
  { proxyClientCertFile: certificate, proxyClientKeyFile: key }: ApiServerFlags,
): Promise<{ readonly proxyClient?: Pick<Credential, "certificate" | "key"> }> {
  if (certificate === undefined && key === undefined) return {};
  if (certificate === undefined || key === undefined) {
    throw new ConfigurationError(
      "proxy-client-cert-file and proxy-client-key-file must be specified together",
    );
  }
  return { proxyClient: { certificate: await readText(certificate), key: await readText(key) } };
}
