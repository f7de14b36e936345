import { yamlLibrary } from "../../api/served.ts";
import { parseDuration } from "../../base/mod.ts";

/** `apiserver.config.k8s.io/v1` EncryptionConfiguration, checked. */
export interface EncryptionConfig {
  readonly resources: readonly ResourceProviders[];
}

/** Which resources are written and read by which providers; the first one writes. */
export interface ResourceProviders {
  /** `secrets`, `deployments.apps`, `*.apps`, `*.` (the core group), `*.*`. */
  readonly resources: readonly string[];
  readonly providers: readonly Provider[];
}

export type Provider =
  | { readonly kind: "aesgcm" | "aescbc" | "secretbox"; readonly keys: readonly NamedKey[] }
  | { readonly kind: "identity" }
  | {
    readonly kind: "kms";
    readonly name: string;
    /** Path of a unix socket. */
    readonly socket: string;
    readonly timeoutMilliseconds: number;
  };

export interface NamedKey {
  readonly name: string;
  readonly secret: Uint8Array;
}

const KEY_SIZES: Readonly<Record<string, readonly number[]>> = {
  aesgcm: [16, 24, 32],
  aescbc: [16, 24, 32],
  secretbox: [32],
};
const KMS_TIMEOUT_MILLISECONDS = 3000;
const KMS_MEMBERS = ["apiVersion", "name", "endpoint", "timeout", "cachesize"];

type Members = Readonly<Record<string, unknown>>;

/** Reads the configuration's YAML or JSON. Throws an `Error` that says where and what, and no secret. Pure. */
export function readEncryptionConfig(text: string): EncryptionConfig {
  let value: unknown;
  try {
    value = yamlLibrary().parse(text);
  } catch {
    // The parser's own words would quote the file.
    throw new Error("the encryption configuration is no YAML");
  }
  const config = members(value, "configuration", ["apiVersion", "kind", "metadata", "resources"]);
  if (
    config["kind"] !== "EncryptionConfiguration" ||
    !["apiserver.config.k8s.io/v1", "v1"].includes(String(config["apiVersion"]))
  ) {
    throw new Error(
      'no kind "EncryptionConfiguration" in version "apiserver.config.k8s.io/v1" found',
    );
  }
  const names = new Set<string>();
  const resources = list(config["resources"], "resources").map((each, i) =>
    readResources(each, `resources[${i}]`, names)
  );
  if (resources.length === 0) {
    throw new Error("resources: Required value: at least one resource must be specified");
  }
  checkMasked(resources);
  return { resources };
}

function readResources(value: unknown, at: string, kmsNames: Set<string>): ResourceProviders {
  const rule = members(value, at, ["resources", "providers"]);
  const resources = list(rule["resources"], `${at}.resources`).map((each, i) =>
    readResource(each, `${at}.resources[${i}]`)
  );
  if (resources.length === 0) {
    throw new Error(`${at}.resources: Required value: at least one resource must be specified`);
  }
  const providers = list(rule["providers"], `${at}.providers`).map((each, i) =>
    readProvider(each, `${at}.providers[${i}]`, kmsNames)
  );
  if (providers.length === 0) {
    throw new Error(`${at}.providers: Required value: at least one provider must be specified`);
  }
  return { resources, providers };
}

function readResource(value: unknown, at: string): string {
  const text = string(value, at);
  if (text === "") throw new Error(`${at}: Invalid value: "": resource must not be empty`);
  if (text === "*") {
    throw new Error(
      `${at}: Invalid value: "*": use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources`,
    );
  }
  if (text !== text.toLowerCase()) {
    throw new Error(`${at}: Invalid value: ${JSON.stringify(text)}: resource should be lower case`);
  }
  const rest = text.startsWith("*.") ? text.slice(2) : text;
  if (rest !== "*" && rest.includes("*")) {
    throw new Error(
      `${at}: Invalid value: ${
        JSON.stringify(text)
      }: wildcards stand for whole groups or resources`,
    );
  }
  return text.endsWith(".") && !text.startsWith("*") ? text.slice(0, -1) : text;
}

/** An earlier wildcard that is met first makes what comes after it useless, and is refused. */
function checkMasked(all: readonly ResourceProviders[]): void {
  const before: string[] = [];
  all.forEach(({ resources }, i) => {
    for (const resource of resources) {
      const mask = before.find((each) => each === resource || covers(each, resource));
      if (mask !== undefined) {
        throw new Error(
          `resources[${i}].resources: Invalid value: ${JSON.stringify(resource)}: ` +
            `resource is masked by earlier rule ${JSON.stringify(mask)}`,
        );
      }
      before.push(resource);
    }
  });
}

/** True when a wildcard is about all that `resource`, which may be a wildcard too, is about. Pure. */
export function covers(wildcard: string, resource: string): boolean {
  if (wildcard === resource || wildcard === "*.*") return true;
  if (!wildcard.startsWith("*.")) return false;
  const dot = resource.indexOf(".");
  const group = dot < 0 ? "" : resource.slice(dot + 1);
  return group === wildcard.slice(2);
}

function readProvider(value: unknown, at: string, kmsNames: Set<string>): Provider {
  const kinds = ["aesgcm", "aescbc", "secretbox", "identity", "kms"];
  const provider = members(value, at, kinds);
  const given = kinds.filter((kind) => provider[kind] !== undefined);
  const kind = given[0];
  if (kind === undefined) {
    throw new Error(
      `${at}: Required value: provider does not contain any of the expected providers`,
    );
  }
  if (given.length > 1) {
    throw new Error(
      `${at}: Invalid value: more than one provider specified in a single element, should split into different list elements`,
    );
  }
  const inner = `${at}.${kind}`;
  if (kind === "identity") {
    members(provider[kind] ?? {}, inner, []);
    return { kind };
  }
  if (kind === "kms") return readKms(provider[kind], inner, kmsNames);
  return { kind: kind as "aesgcm", keys: readKeys(kind, provider[kind], inner) };
}

function readKeys(kind: string, value: unknown, at: string): NamedKey[] {
  const sizes = KEY_SIZES[kind] ?? [];
  const names = new Set<string>();
  const keys = list(members(value, at, ["keys"])["keys"], `${at}.keys`).map((each, i) => {
    const place = `${at}.keys[${i}]`;
    const key = members(each, place, ["name", "secret"]);
    const name = string(key["name"], `${place}.name`);
    if (name === "") throw new Error(`${place}.name: Required value: key must have a name`);
    if (name.includes(":")) throw new Error(`${place}.name: Invalid value: must not contain ':'`);
    if (names.has(name)) throw new Error(`${place}.name: Duplicate value: ${JSON.stringify(name)}`);
    names.add(name);
    let secret: Uint8Array;
    try {
      secret = Uint8Array.fromBase64(string(key["secret"], `${place}.secret`));
    } catch {
      throw new Error(`${place}.secret: Invalid value: "REDACTED": secrets must be base64 encoded`);
    }
    if (!sizes.includes(secret.length)) {
      throw new Error(
        `${place}.secret: Invalid value: "REDACTED": secret is not of the expected length, got ${secret.length}, ` +
          `expected one of [${sizes.join(" ")}]`,
      );
    }
    return { name, secret };
  });
  if (keys.length === 0) {
    throw new Error(`${at}.keys: Required value: at least one key is required`);
  }
  return keys;
}

function readKms(value: unknown, at: string, names: Set<string>): Provider {
  const kms = members(value, at, KMS_MEMBERS);
  const { apiVersion = "v1" } = kms;
  if (apiVersion === "v1") {
    throw new Error(
      "KMSv1 is deprecated and will only receive security updates going forward. Use KMSv2 instead.",
    );
  }
  if (apiVersion !== "v2") {
    throw new Error(
      `${at}.apiVersion: Invalid value: ${
        JSON.stringify(apiVersion)
      }: unsupported apiVersion apiVersion for KMS provider, only v1 and v2 are supported`,
    );
  }
  if (kms["cachesize"] !== undefined && kms["cachesize"] !== null) {
    throw new Error(`${at}.cachesize: Invalid value: cachesize is not supported in v2`);
  }
  const name = string(kms["name"], `${at}.name`);
  if (name === "") throw new Error(`${at}.name: Required value: provider must have a name`);
  if (name.includes(":")) {
    throw new Error(`${at}.name: Invalid value: ${JSON.stringify(name)}: must not contain ':'`);
  }
  if (names.has(name)) {
    throw new Error(`${at}.name: Invalid value: ${JSON.stringify(name)}: duplicate provider name`);
  }
  names.add(name);
  const endpoint = string(kms["endpoint"], `${at}.endpoint`);
  const socket = /^unix:(?:\/\/)?(\/.+)$/.exec(endpoint)?.[1];
  if (socket === undefined) {
    throw new Error(
      `${at}.endpoint: Invalid value: ${
        JSON.stringify(endpoint)
      }: must be a unix socket, as unix:///path`,
    );
  }
  const timeout = kms["timeout"] === undefined || kms["timeout"] === null
    ? KMS_TIMEOUT_MILLISECONDS
    : parseDuration(string(kms["timeout"], `${at}.timeout`));
  if (timeout <= 0) throw new Error(`${at}.timeout: Invalid value: should be a positive value`);
  return { kind: "kms", name, socket, timeoutMilliseconds: timeout };
}

function members(value: unknown, at: string, known: readonly string[]): Members {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new Error(`${at}: Invalid value: must be an object`);
  }
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${at}: unknown field ${JSON.stringify(unknown)}`);
  return value as Members;
}

function list(value: unknown, at: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Error(`${at}: Invalid value: must be a list`);
  return value;
}

function string(value: unknown, at: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") throw new Error(`${at}: Invalid value: must be a string`);
  return value;
}
