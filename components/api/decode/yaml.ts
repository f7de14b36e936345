import { createRequire } from "node:module";
import type { JsonValue } from "../../base/mod.ts";

type Yaml = typeof import("yaml");

/** The parser is a tenth of a control plane's start: it is loaded by the first body that is YAML and not JSON. */
let yaml: Yaml | undefined;

/** Loads the parser ahead of need. */
export async function loadYaml(): Promise<void> {
  yaml ??= await import("yaml");
}

function parser(): Yaml {
  return yaml ??= createRequire(import.meta.url)("yaml") as Yaml;
}

/** Aliases one document may expand: more is an attack, not an object. */
const MAX_ALIASES = 100;
/** Tags of YAML 1.1 that Kubernetes' reader does not know: they stay strings. */
const FOREIGN_TAGS = new Set([
  "tag:yaml.org,2002:timestamp",
  "tag:yaml.org,2002:binary",
  "tag:yaml.org,2002:omap",
  "tag:yaml.org,2002:pairs",
  "tag:yaml.org,2002:set",
]);

/** A YAML text as JSON. `error` is set where it is not YAML; `duplicates` are complaints about repeated keys. */
export interface YamlReading {
  readonly value: JsonValue;
  readonly error: string | undefined;
  readonly duplicates: readonly string[];
}

/** Reads YAML as Kubernetes does: version 1.1 (`on` is true), the first document only. JSON is read as JSON. */
export function readYaml(text: string): YamlReading {
  const json = readJson(text);
  if (json !== undefined) return { value: json, error: undefined, duplicates: [] };
  const document = parser().parseDocument(text, {
    version: "1.1",
    schema: "yaml-1.1",
    customTags: (tags) =>
      tags.filter((tag) =>
        typeof tag === "string" ||
        // Numbers to the base 60 are times of day to everyone else.
        !(FOREIGN_TAGS.has(tag.tag) || ("format" in tag && tag.format === "TIME"))
      ),
    prettyErrors: true,
  });
  const duplicates: string[] = [];
  for (const error of document.errors) {
    if (error.code === "MULTIPLE_DOCS") continue;
    const line = error.linePos?.[0].line ?? 0;
    if (error.code === "DUPLICATE_KEY") {
      const key = text.slice(error.pos[0]).split(/[:\n]/, 1)[0]?.trim();
      duplicates.push(`line ${line}: key ${JSON.stringify(key)} already set in map`);
      continue;
    }
    const reason = error.message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "");
    return { value: null, error: `yaml: line ${line}: ${reason}`, duplicates };
  }
  try {
    const value = document.toJS({ maxAliasCount: MAX_ALIASES }) as JsonValue | undefined;
    return { value: value ?? null, error: undefined, duplicates };
  } catch (error) {
    return { value: null, error: `yaml: ${(error as Error).message}`, duplicates };
  }
}

/** Most YAML that clients send is JSON. */
function readJson(text: string): JsonValue | undefined {
  if (!text.trimStart().startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
