import { equalJson } from "../../base/mod.ts";
import type { ConfigMap, Secret } from "../generated/types.ts";
import { byteLength, configKeyProblems } from "../names.ts";
import type { Errors } from "./errors.ts";
import { IMMUTABLE } from "./metadata.ts";
import { Path } from "./path.ts";

const DATA = Path.of("data");
/** How upstream writes the path of the whole object. */
const WHOLE = Path.of("[]");
const MAX_DATA_BYTES = 1024 * 1024;
const NOT_MUTABLE = "field is immutable when `immutable` is set";

/** How many bytes base64 stands for. */
function decodedLength(text: string): number {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return Math.floor(text.length * 3 / 4) - padding;
}

export function validateConfigMap({ data = {}, binaryData = {} }: ConfigMap, errors: Errors): void {
  let total = 0;
  for (const key in data) {
    errors.invalidAll(DATA.key(key), key, configKeyProblems(key));
    if (Object.hasOwn(binaryData, key)) {
      errors.invalid(DATA.key(key), key, "duplicate of key present in binaryData");
    }
    total += byteLength(data[key] ?? "");
  }
  for (const key in binaryData) {
    errors.invalidAll(Path.of("binaryData").key(key), key, configKeyProblems(key));
    total += decodedLength(binaryData[key] ?? "");
  }
  if (total > MAX_DATA_BYTES) errors.tooLong(WHOLE, MAX_DATA_BYTES);
}

export function validateConfigMapUpdate(next: ConfigMap, old: ConfigMap, errors: Errors): void {
  if (old.immutable === true) {
    if (next.immutable !== true) errors.forbidden(Path.of("immutable"), NOT_MUTABLE);
    if (!equalJson(next.data ?? {}, old.data ?? {})) errors.forbidden(DATA, NOT_MUTABLE);
    if (!equalJson(next.binaryData ?? {}, old.binaryData ?? {})) {
      errors.forbidden(Path.of("binaryData"), NOT_MUTABLE);
    }
  }
  validateConfigMap(next, errors);
}

/** The keys that a type of secret must have. */
const TYPE_KEYS: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
};
/** Types whose one key holds JSON. */
const JSON_KEYS: Readonly<Record<string, string>> = {
  "kubernetes.io/dockercfg": ".dockercfg",
  "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
};
const ACCOUNT_NAME = "kubernetes.io/service-account.name";

export function validateSecret(secret: Secret, errors: Errors): void {
  const { data = {}, type = "", metadata } = secret;
  let total = 0;
  for (const key in data) {
    errors.invalidAll(DATA.key(key), key, configKeyProblems(key));
    total += decodedLength(data[key] ?? "");
  }
  if (total > MAX_DATA_BYTES) errors.tooLong(DATA, MAX_DATA_BYTES);
  if (type === "kubernetes.io/service-account-token" && !metadata?.annotations?.[ACCOUNT_NAME]) {
    errors.required(Path.of("metadata", "annotations").key(ACCOUNT_NAME));
  }
  if (type === "kubernetes.io/basic-auth" && !("username" in data) && !("password" in data)) {
    errors.required(DATA.key("username"));
    errors.required(DATA.key("password"));
  }
  for (const key of TYPE_KEYS[type] ?? []) {
    if (!Object.hasOwn(data, key)) errors.required(DATA.key(key));
  }
  const jsonKey = JSON_KEYS[type];
  if (jsonKey === undefined) return;
  const text = Object.hasOwn(data, jsonKey) ? data[jsonKey] : undefined;
  if (text === undefined) return errors.required(DATA.key(jsonKey));
  try {
    JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(text)));
  } catch {
    errors.invalid(DATA.key(jsonKey), "<secret contents redacted>", "invalid JSON");
  }
}

export function validateSecretUpdate(next: Secret, old: Secret, errors: Errors): void {
  if ((next.type ?? "") !== (old.type ?? "")) {
    errors.invalid(Path.of("type"), next.type ?? "", IMMUTABLE);
  }
  if (old.immutable === true) {
    if (next.immutable !== true) errors.forbidden(Path.of("immutable"), NOT_MUTABLE);
    if (!equalJson(next.data ?? {}, old.data ?? {})) errors.forbidden(DATA, NOT_MUTABLE);
  }
  validateSecret(next, errors);
}
