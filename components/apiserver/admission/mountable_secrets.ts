import type { Container, Pod, ServiceAccount } from "../../api/served.ts";

const ENFORCE = "kubernetes.io/enforce-mountable-secrets";

/** A secret that the pod uses though its account, which limits them, does not name it; undefined: none. */
export function foreignSecret(pod: Pod, account: ServiceAccount): string | undefined {
  if (account.metadata?.annotations?.[ENFORCE] !== "true") return undefined;
  const mountable = new Set((account.secrets ?? []).map(({ name }) => name));
  const owner = account.metadata.name;
  const lacks = `is not allowed because service account ${owner} does not reference that`;
  for (const { secret } of pod.spec?.volumes ?? []) {
    if (secret !== undefined && !mountable.has(secret.secretName)) {
      return `volume with secret.secretName=${JSON.stringify(secret.secretName)} ${lacks} secret`;
    }
  }
  const of = (word: string, containers: readonly Container[]): string | undefined => {
    for (const { name, env = [], envFrom = [] } of containers) {
      for (const { name: variable, valueFrom } of env) {
        const ref = valueFrom?.secretKeyRef;
        if (ref === undefined || mountable.has(ref.name)) continue;
        return `${word} ${name} with envVar ${variable} referencing secret.secretName=` +
          `${JSON.stringify(ref.name)} ${lacks} secret`;
      }
      for (const { secretRef } of envFrom) {
        if (secretRef === undefined || mountable.has(secretRef.name)) continue;
        return `${word} ${name} with envFrom referencing secret.secretName=` +
          `${JSON.stringify(secretRef.name)} ${lacks} secret`;
      }
    }
    return undefined;
  };
  const problem = of("init container", pod.spec?.initContainers ?? []) ??
    of("container", pod.spec?.containers ?? []);
  if (problem !== undefined) return problem;
  const pulled = new Set((account.imagePullSecrets ?? []).map(({ name }) => name));
  for (const [i, { name }] of (pod.spec?.imagePullSecrets ?? []).entries()) {
    if (!pulled.has(name)) {
      return `imagePullSecrets[${i}].name=${JSON.stringify(name)} ${lacks} imagePullSecret`;
    }
  }
  return undefined;
}
