import type { Pod } from "../api/mod.ts";

/**
 * Rules of a pod that this scheduler does not know yet. Placing such a pod anyway could break what it asks for, so it
 * stays pending and is told why. Preferences that are not known are left out: they only rank nodes.
 */
export function unknownRule(pod: Pod): string | undefined {
  const spec = pod.spec ?? {};
  if ((spec.resourceClaims ?? []).length > 0) {
    return "resource claims are not supported by this scheduler";
  }
  return undefined;
}

/** Names of the claims whose volumes must be bound before the pod can run. */
export function claimNames(pod: Pod): string[] {
  return (pod.spec?.volumes ?? []).flatMap((volume) =>
    volume.persistentVolumeClaim?.claimName !== undefined
      ? [volume.persistentVolumeClaim.claimName]
      : volume.ephemeral !== undefined
      ? [`${pod.metadata?.name}-${volume.name}`]
      : []
  );
}
