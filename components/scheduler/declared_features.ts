import type { Pod } from "../api/mod.ts";

const NONE: readonly string[] = [];

/** Features of a node's own software that a pod cannot run without, by the names that nodes declare. */
export function requiredFeatures(pod: Pod): readonly string[] {
  const spec = pod.spec;
  if (spec === undefined) return NONE;
  const restartsAll = [spec.initContainers, spec.containers].some((list) =>
    list?.some((container) =>
      container.restartPolicyRules?.some((rule) => rule.action === "RestartAllContainers")
    )
  );
  const ownUsersOnHostNetwork = spec.hostNetwork === true && spec.hostUsers === false;
  if (!restartsAll && !ownUsersOnHostNetwork) return NONE;
  return [
    ...(restartsAll ? ["RestartAllContainersOnContainerExits"] : []),
    ...(ownUsersOnHostNetwork ? ["UserNamespacesHostNetworkSupport"] : []),
  ];
}
