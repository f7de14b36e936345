import type { HostAlias, Pod } from "../api/mod.ts";
import { SetupError } from "./pod_setup.ts";

const HOSTNAME_MAXIMUM_CHARACTERS = 63;
const FQDN_MAXIMUM_CHARACTERS = 64;

/** A pod's host name and, where its spec gives a subdomain, its full name. Pure. */
export function podHostName(
  pod: Pod,
  clusterDomain: string,
): { readonly hostname: string; readonly fqdn?: string } {
  const { name = "", namespace = "" } = pod.metadata ?? {};
  const { hostname: given, hostnameOverride, subdomain, setHostnameAsFQDN } = pod.spec ?? {};
  if (hostnameOverride !== undefined && hostnameOverride !== "") {
    return { hostname: hostnameOverride };
  }
  const hostname = given !== undefined && given !== "" ? given : truncated(name);
  if (subdomain === undefined || subdomain === "") return { hostname };
  const fqdn = `${hostname}.${subdomain}.${namespace}.svc.${clusterDomain}`;
  if (setHostnameAsFQDN !== true) return { hostname, fqdn };
  if (fqdn.length > FQDN_MAXIMUM_CHARACTERS) {
    throw new SetupError(
      "FailedCreatePodSandBox",
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${fqdn} is too long ` +
        `(${FQDN_MAXIMUM_CHARACTERS} characters is the max, ${fqdn.length} characters requested)`,
    );
  }
  return { hostname: fqdn, fqdn };
}

function truncated(name: string): string {
  let host = name.slice(0, HOSTNAME_MAXIMUM_CHARACTERS);
  while (host.endsWith("-") || host.endsWith(".")) host = host.slice(0, -1);
  return host;
}

/** The text of a pod's own /etc/hosts. Pure. */
export function hostsFile(
  podIPs: readonly string[],
  hostname: string,
  fqdn: string | undefined,
  aliases: readonly HostAlias[],
): string {
  const lines = [
    "# Kubernetes-managed hosts file.",
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::0\tip6-localnet",
    "fe00::0\tip6-mcastprefix",
    "fe00::1\tip6-allnodes",
    "fe00::2\tip6-allrouters",
  ];
  for (const ip of podIPs) {
    lines.push(fqdn === undefined ? `${ip}\t${hostname}` : `${ip}\t${fqdn}\t${hostname}`);
  }
  return lines.join("\n") + "\n" + aliasLines(aliases);
}

/** The text of /etc/hosts for a pod in the host's network: the node's, marked. Pure. */
export function hostNetworkHostsFile(nodeFile: string, aliases: readonly HostAlias[]): string {
  return `# Kubernetes-managed hosts file (host network).\n${nodeFile}${aliasLines(aliases)}`;
}

function aliasLines(aliases: readonly HostAlias[]): string {
  if (aliases.length === 0) return "";
  const lines = aliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join("\t")}`);
  return `\n# Entries added by HostAliases.\n${lines.join("\n")}\n`;
}
