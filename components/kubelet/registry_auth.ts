import type { Secret } from "../api/mod.ts";
import { isJsonObject } from "../base/mod.ts";
import type { RegistryAuth } from "./runtime.ts";

const DEFAULT_REGISTRY = "docker.io";
const DEFAULT_REGISTRY_ALIASES = ["index.docker.io", "docker.io", "registry-1.docker.io"];

/** The registry that an image reference names: its first part, if that looks like a host. */
export function registryOf(image: string): string {
  const slash = image.indexOf("/");
  if (slash < 0) return DEFAULT_REGISTRY;
  const first = image.slice(0, slash);
  const isHost = first.includes(".") || first.includes(":") || first === "localhost";
  return isHost ? first : DEFAULT_REGISTRY;
}

/** Credentials for an image out of pull secrets: of several entries that fit, the longest. Pure. */
export function registryAuth(secrets: readonly Secret[], image: string): RegistryAuth | undefined {
  const registry = registryOf(image);
  const reference = registry === DEFAULT_REGISTRY ? `${registry}/${image}` : image;
  let best: { length: number; auth: RegistryAuth } | undefined;
  for (const secret of secrets) {
    for (const [address, entry] of Object.entries(entriesOf(secret))) {
      const place = placeOf(address);
      const fits = reference === place || reference.startsWith(place + "/");
      if (!fits || place.length <= (best?.length ?? 0)) continue;
      const auth = credentialsOf(entry, registry);
      if (auth !== undefined) best = { length: place.length, auth };
    }
  }
  return best?.auth;
}

function entriesOf(secret: Secret): Record<string, unknown> {
  const modern = secret.data?.[".dockerconfigjson"];
  const legacy = secret.data?.[".dockercfg"];
  const encoded = modern ?? legacy;
  if (encoded === undefined) return {};
  try {
    const config: unknown = JSON.parse(atob(encoded));
    if (!isJsonObject(config)) return {};
    const entries = modern === undefined ? config : config["auths"];
    return isJsonObject(entries) ? entries : {};
  } catch {
    // A secret that cannot be read has no credentials.
    return {};
  }
}

/** `https://index.docker.io/v1/` to `docker.io`, `https://r.example:5000/team` to `r.example:5000/team`. */
function placeOf(address: string): string {
  const scheme = address.indexOf("://");
  let place = scheme < 0 ? address : address.slice(scheme + 3);
  while (place.endsWith("/")) place = place.slice(0, -1);
  if (place.endsWith("/v1") || place.endsWith("/v2")) place = place.slice(0, -3);
  return DEFAULT_REGISTRY_ALIASES.includes(place) ? DEFAULT_REGISTRY : place;
}

function credentialsOf(entry: unknown, serverAddress: string): RegistryAuth | undefined {
  if (!isJsonObject(entry)) return undefined;
  const { username, password, auth } = entry;
  if (typeof username === "string" && typeof password === "string") {
    return { username, password, serverAddress };
  }
  if (typeof auth !== "string") return undefined;
  try {
    const text = new TextDecoder().decode(Uint8Array.from(atob(auth), (c) => c.charCodeAt(0)));
    const colon = text.indexOf(":");
    if (colon < 0) return undefined;
    return { username: text.slice(0, colon), password: text.slice(colon + 1), serverAddress };
  } catch {
    return undefined;
  }
}
