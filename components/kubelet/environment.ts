import type { ConfigMap, EnvVar, Pod, Secret } from "../api/mod.ts";
import { type DownwardFacts, fieldValue, resourceValue } from "./downward_api.ts";
import { expand } from "./expansion.ts";
import type { PodContainer } from "./pod_containers.ts";
import { SetupError } from "./pod_setup.ts";

/** The objects that environments refer to, as they are now. */
export interface EnvironmentObjects {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
}

const INVALID_CHARACTER_BELOW = 0x20;
const INVALID_CHARACTER_ABOVE = 0x7e;

/**
 * A container's whole environment: `envFrom`, then `env` with earlier variables expanded, then what Services add.
 * Rejects with `SetupError` when a reference that is not optional leads nowhere.
 */
export async function containerEnvironment(
  pod: Pod,
  container: PodContainer,
  objects: EnvironmentObjects,
  services: ReadonlyMap<string, string>,
  facts: DownwardFacts,
): Promise<{ name: string; value: string }[]> {
  const namespace = pod.metadata?.namespace ?? "";
  const own = new Map<string, string>();
  for (const source of container.spec.envFrom ?? []) {
    const prefix = source.prefix ?? "";
    const data = source.configMapRef !== undefined
      ? (await required(
        objects.configMap(namespace, source.configMapRef.name ?? ""),
        "configmap",
        source.configMapRef,
      ))?.data
      : source.secretRef !== undefined
      ? decoded(
        await required(
          objects.secret(namespace, source.secretRef.name ?? ""),
          "secret",
          source.secretRef,
        ),
      )
      : undefined;
    for (const [key, value] of Object.entries(data ?? {})) {
      if (isVariableName(prefix + key)) own.set(prefix + key, value);
    }
  }
  const lookup = (name: string) => own.get(name) ?? services.get(name);
  for (const variable of container.spec.env ?? []) {
    const name = variable.name ?? "";
    if (variable.valueFrom === undefined) {
      own.set(name, expand(variable.value ?? "", lookup));
      continue;
    }
    const value = await valueFrom(pod, container, variable, objects, facts);
    if (value !== undefined) own.set(name, value);
  }
  for (const [name, value] of services) if (!own.has(name)) own.set(name, value);
  return [...own].map(([name, value]) => ({ name, value }));
}

async function valueFrom(
  pod: Pod,
  container: PodContainer,
  variable: EnvVar,
  objects: EnvironmentObjects,
  facts: DownwardFacts,
): Promise<string | undefined> {
  const namespace = pod.metadata?.namespace ?? "";
  const { configMapKeyRef, secretKeyRef, fieldRef, resourceFieldRef, fileKeyRef } =
    variable.valueFrom ?? {};
  if (fieldRef !== undefined) {
    const value = fieldValue(pod, fieldRef.fieldPath ?? "", facts);
    if (value === undefined) throw configError(`unsupported fieldPath: ${fieldRef.fieldPath}`);
    return value;
  }
  if (resourceFieldRef !== undefined) {
    return resourceValue(pod, container.spec, resourceFieldRef, facts);
  }
  if (configMapKeyRef !== undefined) {
    const { name = "", key = "", optional } = configMapKeyRef;
    const found = await required(objects.configMap(namespace, name), "configmap", configMapKeyRef);
    const value = found?.data?.[key];
    if (value === undefined && optional !== true) {
      throw configError(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
    }
    return value;
  }
  if (secretKeyRef !== undefined) {
    const { name = "", key = "", optional } = secretKeyRef;
    const found = await required(objects.secret(namespace, name), "secret", secretKeyRef);
    const value = found?.data?.[key];
    if (value === undefined && optional !== true) {
      throw configError(`couldn't find key ${key} in Secret ${namespace}/${name}`);
    }
    return value === undefined ? undefined : textOf(value);
  }
  if (fileKeyRef !== undefined) throw configError("env from files is not supported on this node");
  return undefined;
}

async function required<T>(
  finding: Promise<T | undefined>,
  kind: string,
  reference: { readonly name?: string; readonly optional?: boolean },
): Promise<T | undefined> {
  const found = await finding;
  if (found === undefined && reference.optional !== true) {
    throw configError(`${kind} "${reference.name ?? ""}" not found`);
  }
  return found;
}

function decoded(secret: Secret | undefined): Record<string, string> | undefined {
  if (secret?.data === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(secret.data).map(([key, value]) => [key, textOf(value)]),
  );
}

function textOf(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));
}

/** Any printable ASCII but the equals sign. */
function isVariableName(name: string): boolean {
  if (name === "" || name.includes("=")) return false;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code < INVALID_CHARACTER_BELOW || code > INVALID_CHARACTER_ABOVE) return false;
  }
  return true;
}

function configError(message: string): SetupError {
  return new SetupError("CreateContainerConfigError", message);
}
