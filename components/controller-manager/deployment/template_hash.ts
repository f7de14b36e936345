import { isJsonObject } from "../../base/mod.ts";
import type { PodTemplateSpec } from "../../api/mod.ts";

export const TEMPLATE_HASH = "pod-template-hash";

/** The alphabet of generated names: a hash in it reads like no word and no other hash. */
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/** FNV-1a over UTF-16 code units, 32 bits. */
export function fnv32a(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    if (unit > 0xff) hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  return hash >>> 0;
}

/** A number as a name part: each decimal digit becomes one letter of the alphabet. */
export function safeText(value: number): string {
  return [...String(value)].map((digit) => ALPHABET[digit.charCodeAt(0) % ALPHABET.length]).join(
    "",
  );
}

/** JSON with members in order, so that equal values give equal texts. Members that are undefined are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value) ?? "null";
  const members = Object.keys(value).filter((key) => value[key] !== undefined).sort();
  return `{${
    members.map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`).join(",")
  }}`;
}

/** The hash that names a template's objects; another `collisionCount` gives another name for the same template. */
export function templateHash(template: unknown, collisionCount = 0): string {
  const hash = fnv32a(canonicalJson(template));
  return safeText(collisionCount === 0 ? hash : fnv32a(String(collisionCount), hash));
}

/** A template without the label that says its hash: what two sets are compared by. */
export function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec {
  if (template?.metadata?.labels?.[TEMPLATE_HASH] === undefined) return template ?? {};
  const { [TEMPLATE_HASH]: _, ...labels } = template.metadata.labels;
  return { ...template, metadata: { ...template.metadata, labels } };
}
