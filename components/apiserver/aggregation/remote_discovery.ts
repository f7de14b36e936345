import { isJsonObject, type JsonValue } from "../../base/mod.ts";
import type { APIResourceDiscovery, APIVersionDiscovery, Verb } from "../../api/served.ts";

/** Resources of one version; more are left out. */
const RESOURCES_MAXIMUM = 10_000;

/** An APIResourceList of another server as the aggregated document has it; what is not of that shape is left out. Pure. */
export function versionDiscovery(version: string, list: JsonValue): APIVersionDiscovery {
  const found = new Map<string, APIResourceDiscovery>();
  const resources = isJsonObject(list) ? list["resources"] : undefined;
  const entries = Array.isArray(resources) ? resources.slice(0, RESOURCES_MAXIMUM) : [];
  for (const entry of entries.filter(isJsonObject)) {
    const name = text(entry["name"]);
    const responseKind = {
      group: text(entry["group"]),
      version: text(entry["version"]),
      kind: text(entry["kind"]),
    };
    const verbs = texts(entry["verbs"]) as Verb[];
    const slash = name.indexOf("/");
    if (name === "") continue;
    if (slash < 0) {
      const shortNames = texts(entry["shortNames"]);
      const categories = texts(entry["categories"]);
      const known = found.get(name);
      found.set(name, {
        resource: name,
        responseKind,
        scope: entry["namespaced"] === true ? "Namespaced" : "Cluster",
        singularResource: text(entry["singularName"]),
        verbs,
        ...(shortNames.length === 0 ? {} : { shortNames }),
        ...(categories.length === 0 ? {} : { categories }),
        ...(known?.subresources === undefined ? {} : { subresources: known.subresources }),
      });
      continue;
    }
    const parent = name.slice(0, slash);
    const known: APIResourceDiscovery = found.get(parent) ?? {
      resource: parent,
      responseKind: { group: "", version: "", kind: "" },
      scope: entry["namespaced"] === true ? "Namespaced" : "Cluster",
      singularResource: "",
      verbs: [],
    };
    (known.subresources ??= []).push({ subresource: name.slice(slash + 1), responseKind, verbs });
    found.set(parent, known);
  }
  return { version, resources: [...found.values()], freshness: "Current" };
}

const text = (value: unknown): string => typeof value === "string" ? value : "";
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];
