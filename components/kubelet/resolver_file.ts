import type { Pod } from "../api/mod.ts";

/** What a resolver file says. */
export interface ResolverSettings {
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export interface ResolverResult extends ResolverSettings {
  /** What had to be left out, fit for a DNSConfigForming or MissingClusterDNS event. */
  readonly problems: readonly { readonly reason: string; readonly message: string }[];
}

const NAMESERVERS_MAXIMUM = 3;
const SEARCHES_MAXIMUM = 32;
const SEARCH_LINE_MAXIMUM_CHARACTERS = 2048;

/** Reads a resolv.conf; what it does not understand it leaves out. */
export function parseResolver(text: string): ResolverSettings {
  const nameservers: string[] = [];
  let searches: string[] = [];
  let options: string[] = [];
  for (const line of text.split("\n")) {
    const [keyword, ...values] = line.trim().split(/[ \t]+/);
    if (keyword === "nameserver" && values[0] !== undefined) nameservers.push(values[0]);
    else if (keyword === "search") searches = values.filter((value) => value !== ".");
    else if (keyword === "options") options = values;
  }
  return { nameservers, searches, options };
}

/** How a pod's containers resolve names, by its DNS policy and configuration. Pure. */
export function podResolver(
  pod: Pod,
  node: ResolverSettings,
  clusterDNS: readonly string[],
  clusterDomain: string,
): ResolverResult {
  const policy = pod.spec?.dnsPolicy ?? "ClusterFirst";
  const hostNetwork = pod.spec?.hostNetwork === true;
  const problems: { reason: string; message: string }[] = [];
  let cluster = policy === "ClusterFirstWithHostNet" || (policy === "ClusterFirst" && !hostNetwork);
  if (cluster && clusterDNS.length === 0) {
    const message = "kubelet does not have ClusterDNS IP configured and cannot create Pod using " +
      `"${policy}" policy. Falling back to "Default" policy.`;
    problems.push({ reason: "MissingClusterDNS", message });
    cluster = false;
  }
  const namespace = pod.metadata?.namespace ?? "default";
  const base: ResolverSettings = policy === "None"
    ? { nameservers: [], searches: [], options: [] }
    : cluster
    ? {
      nameservers: clusterDNS,
      searches: [
        `${namespace}.svc.${clusterDomain}`,
        `svc.${clusterDomain}`,
        clusterDomain,
        ...node.searches,
      ],
      options: ["ndots:5"],
    }
    : node;
  const extra = pod.spec?.dnsConfig ?? {};
  const merged = {
    nameservers: [...new Set([...base.nameservers, ...extra.nameservers ?? []])],
    searches: [...new Set([...base.searches, ...extra.searches ?? []])],
    options: mergeOptions(base.options, extra.options ?? []),
  };
  return limit(merged, problems);
}

/** The text of a resolver file. */
export function resolverText({ nameservers, searches, options }: ResolverSettings): string {
  let text = "";
  if (searches.length > 0) text += `search ${searches.join(" ")}\n`;
  for (const nameserver of nameservers) text += `nameserver ${nameserver}\n`;
  if (options.length > 0) text += `options ${options.join(" ")}\n`;
  return text;
}

function limit(
  settings: ResolverSettings,
  problems: { reason: string; message: string }[],
): ResolverResult {
  const nameservers = settings.nameservers.slice(0, NAMESERVERS_MAXIMUM);
  if (nameservers.length < settings.nameservers.length) {
    const message = "Nameserver limits were exceeded, some nameservers have been omitted, " +
      `the applied nameserver line is: ${nameservers.join(" ")}`;
    problems.push({ reason: "DNSConfigForming", message });
  }
  let searches = settings.searches.slice(0, SEARCHES_MAXIMUM);
  while (searches.join(" ").length > SEARCH_LINE_MAXIMUM_CHARACTERS) {
    searches = searches.slice(0, -1);
  }
  if (searches.length < settings.searches.length) {
    const message = "Search Line limits were exceeded, some search paths have been omitted, " +
      `the applied search line is: ${searches.join(" ")}`;
    problems.push({ reason: "DNSConfigForming", message });
  }
  return { nameservers, searches, options: settings.options, problems };
}

function mergeOptions(
  base: readonly string[],
  extra: readonly { name?: string; value?: string }[],
): string[] {
  const byName = new Map<string, string>();
  for (const option of base) byName.set(option.split(":", 1)[0] ?? "", option);
  for (const { name = "", value } of extra) {
    byName.set(name, value === undefined || value === "" ? name : `${name}:${value}`);
  }
  return [...byName.values()];
}
