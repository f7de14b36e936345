import type { PersistentVolumeClaim, StorageClass } from "../../api/mod.ts";

const IS_DEFAULT = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
] as const;
const OLD_CLASS = "volume.beta.kubernetes.io/storage-class";

/** The class of claims that name none: of several defaults the newest, by name where they are as old. */
export function defaultClass(classes: Iterable<StorageClass>): string | undefined {
  let best: StorageClass | undefined;
  for (const one of classes) {
    if (!IS_DEFAULT.some((key) => one.metadata?.annotations?.[key] === "true")) continue;
    const [time, other] = [one, best].map((any) => any?.metadata?.creationTimestamp ?? "");
    const [name, known] = [one, best].map((any) => any?.metadata?.name ?? "");
    if (best === undefined || time! > other! || (time === other && name! < known!)) best = one;
  }
  return best?.metadata?.name;
}

/** Whether a claim says nothing of a class, where the empty one would say that it wants none. */
export function namesNoClass({ metadata, spec }: PersistentVolumeClaim): boolean {
  return spec?.storageClassName === undefined && metadata?.annotations?.[OLD_CLASS] === undefined;
}
