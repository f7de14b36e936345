import type { Volume } from "../../../api/served.ts";
import { isProfile } from "./baseline.ts";
import {
  type Check,
  containersOf,
  containersThat,
  distinct,
  hasUserNamespace,
  isForWindows,
  named,
  quoted,
  setters,
} from "./standard.ts";

const allowPrivilegeEscalation: Check = {
  id: "allowPrivilegeEscalation",
  since: 8,
  find(pod, version) {
    if (isForWindows(pod, version)) return undefined;
    const bad = containersThat(
      pod,
      (one) => one.securityContext?.allowPrivilegeEscalation !== false,
    );
    if (bad.length === 0) return undefined;
    return {
      reason: "allowPrivilegeEscalation != false",
      detail: `${named("container", bad)} must set securityContext.allowPrivilegeEscalation=false`,
    };
  },
};

const capabilities: Check = {
  id: "capabilities_restricted",
  since: 22,
  replaces: "capabilities_baseline",
  find(pod, version) {
    if (isForWindows(pod, version)) return undefined;
    const keeping = containersThat(
      pod,
      (one) => !one.securityContext?.capabilities?.drop?.includes("ALL"),
    );
    const added = (one: { securityContext?: { capabilities?: { add?: string[] } } }) =>
      (one.securityContext?.capabilities?.add ?? []).filter((name) => name !== "NET_BIND_SERVICE");
    const adding = containersOf(pod).filter((one) => added(one).length > 0);
    const details: string[] = [];
    if (keeping.length > 0) {
      details.push(
        `${named("container", keeping)} must set securityContext.capabilities.drop=["ALL"]`,
      );
    }
    if (adding.length > 0) {
      details.push(
        `${named("container", adding.map(({ name = "" }) => name))} must not include ` +
          `${quoted(distinct(adding.flatMap(added)))} in securityContext.capabilities.add`,
      );
    }
    if (details.length === 0) return undefined;
    return { reason: "unrestricted capabilities", detail: details.join("; ") };
  },
};

const VOLUMES = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);
const KNOWN_VOLUMES = new Set([
  "hostPath",
  "gcePersistentDisk",
  "awsElasticBlockStore",
  "gitRepo",
  "nfs",
  "iscsi",
  "glusterfs",
  "rbd",
  "flexVolume",
  "cinder",
  "cephfs",
  "flocker",
  "fc",
  "azureFile",
  "vsphereVolume",
  "quobyte",
  "azureDisk",
  "photonPersistentDisk",
  "portworxVolume",
  "scaleIO",
  "storageos",
]);

const restrictedVolumes: Check = {
  id: "restrictedVolumes",
  since: 0,
  replaces: "hostPathVolumes",
  find({ spec }) {
    const typesOf = (volume: Volume) => Object.keys(volume).filter((member) => member !== "name");
    const bad = (spec.volumes ?? []).filter((volume) =>
      !typesOf(volume).some((type) => VOLUMES.has(type))
    );
    if (bad.length === 0) return undefined;
    const types = bad.map((volume) =>
      typesOf(volume).find((type) => KNOWN_VOLUMES.has(type)) ?? "unknown"
    );
    return {
      reason: "restricted volume types",
      detail: `${named("volume", bad.map(({ name = "" }) => name))} ${
        bad.length === 1 ? "uses" : "use"
      } ${named("restricted volume type", distinct(types))}`,
    };
  },
};

const runAsNonRoot: Check = {
  id: "runAsNonRoot",
  since: 0,
  find(pod, version) {
    if (hasUserNamespace(pod, version)) return undefined;
    const whole = pod.spec.securityContext?.runAsNonRoot;
    const bad = containersThat(pod, (one) => one.securityContext?.runAsNonRoot === false);
    const who = setters(whole === false, bad);
    if (who.length > 0) {
      return {
        reason: "runAsNonRoot != true",
        detail: `${who.join(" and ")} must not set securityContext.runAsNonRoot=false`,
      };
    }
    const silent = whole === true
      ? []
      : containersThat(pod, (one) => one.securityContext?.runAsNonRoot === undefined);
    if (silent.length === 0) return undefined;
    return {
      reason: "runAsNonRoot != true",
      detail: `pod or ${named("container", silent)} must set securityContext.runAsNonRoot=true`,
    };
  },
};

const runAsUser: Check = {
  id: "runAsUser",
  since: 23,
  find(pod, version) {
    if (hasUserNamespace(pod, version)) return undefined;
    const who = setters(
      pod.spec.securityContext?.runAsUser === 0,
      containersThat(pod, (one) => one.securityContext?.runAsUser === 0),
    );
    if (who.length === 0) return undefined;
    return { reason: "runAsUser=0", detail: `${who.join(" and ")} must not set runAsUser=0` };
  },
};

const seccompProfile: Check = {
  id: "seccompProfile_restricted",
  since: 19,
  replaces: "seccompProfile_baseline",
  find(pod, version) {
    if (isForWindows(pod, version)) return undefined;
    const whole = pod.spec.securityContext?.seccompProfile;
    const isBad = (profile: { type?: string } | undefined) =>
      profile !== undefined && !isProfile(profile.type);
    const bad = containersOf(pod).filter((one) => isBad(one.securityContext?.seccompProfile));
    const who = setters(isBad(whole), bad.map(({ name = "" }) => name));
    if (who.length > 0) {
      const types = bad.map((one) => one.securityContext?.seccompProfile?.type ?? "");
      if (isBad(whole)) types.push(whole?.type ?? "");
      return {
        reason: "seccompProfile",
        detail: `${who.join(" and ")} must not set securityContext.seccompProfile.type to ` +
          quoted(distinct(types)),
      };
    }
    const silent = whole === undefined
      ? containersThat(pod, (one) => one.securityContext?.seccompProfile === undefined)
      : [];
    if (silent.length === 0) return undefined;
    return {
      reason: "seccompProfile",
      detail: `pod or ${named("container", silent)} must set ` +
        'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"',
    };
  },
};

/** What is known as good practice, beyond the baseline, by id. */
export const RESTRICTED: readonly Check[] = [
  allowPrivilegeEscalation,
  capabilities,
  restrictedVolumes,
  runAsNonRoot,
  runAsUser,
  seccompProfile,
];
