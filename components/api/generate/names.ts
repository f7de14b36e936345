import type { Struct } from "./structs.ts";

/** Groups' own words for the types that more than one group has: `core` keeps the short name. */
export function shortNames(structs: Iterable<Struct>): Map<string, string> {
  const byKind = new Map<string, Struct[]>();
  for (const struct of structs) {
    const kind = struct.name.slice(struct.name.lastIndexOf(".") + 1);
    byKind.set(kind, [...byKind.get(kind) ?? [], struct]);
  }
  const names = new Map<string, string>();
  for (const [kind, rivals] of byKind) {
    const heir = rivals.length === 1 ? rivals[0] : heirOf(rivals);
    for (const struct of rivals) {
      const [group = "", version = ""] = struct.name.split(".");
      names.set(struct.name, struct === heir ? kind : upper(group) + upper(version) + kind);
    }
  }
  return names;
}

/** Who keeps the plain name: the only kind, else the core group, else the newest version of one group. */
function heirOf(rivals: readonly Struct[]): Struct | undefined {
  const kinds = rivals.filter((struct) => struct.isKind);
  if (kinds.length === 1) return kinds[0];
  const core = rivals.find((struct) => struct.name.startsWith("core."));
  if (core !== undefined) return core;
  const groups = new Set(rivals.map((struct) => struct.name.split(".")[0]));
  return groups.size === 1 ? rivals.at(-1) : undefined;
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `PersistentVolumeClaim`, `persistentvolumeclaims` to `PERSISTENT_VOLUME_CLAIMS`. */
export function constantName(typeName: string, kind: string, plural: string): string {
  const words = typeName
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .toUpperCase();
  const lower = kind.toLowerCase();
  let common = 0;
  while (common < lower.length && lower[common] === plural[common]) common++;
  return words.slice(0, words.length - (lower.length - common)) +
    plural.slice(common).toUpperCase();
}
