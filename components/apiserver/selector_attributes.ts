import { parseLabelSelector } from "../api/served.ts";
import type { FieldRequirement, RequestInfo } from "./ports.ts";

const SELECTING = new Set(["list", "watch", "deletecollection"]);

/** What a list's field selector requires, for authorization; undefined where it has none or cannot be read. */
export function fieldRequirements(
  info: RequestInfo,
  query: URLSearchParams,
): FieldRequirement[] | undefined {
  if (!SELECTING.has(info.verb)) return undefined;
  return readFieldSelector(query.get("fieldSelector") ?? "");
}

/** The requirements of a written field selector. What authorization cannot read narrows nothing for it. */
export function readFieldSelector(text: string): FieldRequirement[] | undefined {
  if (text === "") return undefined;
  const requirements: FieldRequirement[] = [];
  for (const term of text.split(",")) {
    const match = /^([A-Za-z0-9_./-]+)(!=|==|=)([^=!,\\]*)$/.exec(term);
    if (match === null) return undefined;
    requirements.push({
      field: match[1]!,
      operator: match[2] === "!=" ? "!=" : "=",
      value: match[3]!,
    });
  }
  return requirements;
}

/** A list's label selector, for authorization; undefined where it has none or one that cannot be read. */
export function labelSelectorOf(info: RequestInfo, query: URLSearchParams): string | undefined {
  if (!SELECTING.has(info.verb)) return undefined;
  return readLabelSelector(query.get("labelSelector") ?? "");
}

/** A written label selector that can be read; undefined for another, and for none. */
export function readLabelSelector(text: string): string | undefined {
  if (text === "") return undefined;
  try {
    parseLabelSelector(text);
    return text;
  } catch {
    return undefined;
  }
}
