import { createRequire } from "node:module";
import type { Composer, CST, Document, Node, YAMLError } from "yaml";
import type { JsonValue } from "../../base/mod.ts";
import { MAX_NESTING } from "./json_scan.ts";
import { nestsTooDeep } from "./nesting.ts";
import { YamlFailure, YamlWalk } from "./yaml_walk.ts";

type Yaml = typeof import("yaml");

/** The parser is a tenth of a control plane's start: it is loaded by the first body that is YAML and not JSON. */
let yaml: Yaml | undefined;

/** Loads the parser ahead of need. */
export async function loadYaml(): Promise<void> {
  yaml ??= await import("yaml");
}

/** The library, loaded by the first call. */
export function yamlLibrary(): Yaml {
  return yaml ??= createRequire(import.meta.url)("yaml") as Yaml;
}

/**
 * Words and signs that a YAML text may have, some ten times those of a large definition. Each takes microseconds, and
 * nothing else is served meanwhile; clients send what is larger as JSON.
 */
export const MAX_LEXEMES = 500_000;
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
  if (json !== undefined) {
    return nestsTooDeep(json)
      ? { value: null, error: "yaml: exceeded max depth", duplicates: [] }
      : { value: json, error: undefined, duplicates: [] };
  }
  const lines = new (yamlLibrary().LineCounter)();
  const lineAt = (offset: number) => lines.linePos(offset).line;
  try {
    const contents = firstDocument(text, lines.addNewLine);
    const walk = new YamlWalk(yamlLibrary(), lineAt);
    const value = contents === null ? null : walk.read(contents);
    return { value, error: undefined, duplicates: walk.duplicates };
  } catch (error) {
    if (!(error instanceof YamlFailure)) throw error;
    const where = error.offset === undefined ? "" : `line ${lineAt(error.offset)}: `;
    return { value: null, error: `yaml: ${where}${error.message}`, duplicates: [] };
  }
}

/**
 * The nodes of the first document; the text behind it is not read. The parser's own look for repeated keys compares
 * each key to all before it, and its errors are collected without end: neither is used.
 */
function firstDocument(text: string, onNewLine: (offset: number) => void): Node | null {
  const { Composer } = yamlLibrary();
  const composer: Composer = new Composer({
    version: "1.1",
    schema: "yaml-1.1",
    customTags: (tags) =>
      tags.filter((tag) =>
        typeof tag === "string" ||
        // Numbers to the base 60 are times of day to everyone else.
        !(FOREIGN_TAGS.has(tag.tag) || ("format" in tag && tag.format === "TIME"))
      ),
    uniqueKeys: false,
    prettyErrors: false,
  });
  failAtFirstError(composer);
  let found = false;
  for (const token of tokens(text, onNewLine)) {
    if (token.type === "error") throw new YamlFailure(token.message, token.offset);
    if (token.type === "document") {
      if (found) break;
      found = true;
      checkNesting(token);
    }
    for (const document of composer.next(token)) return contentsOf(document);
  }
  for (const document of composer.end()) return contentsOf(document);
  return null;
}

function* tokens(text: string, onNewLine: (offset: number) => void): Generator<CST.Token> {
  const { Lexer, Parser } = yamlLibrary();
  const syntax = new Parser(onNewLine);
  onNewLine(0);
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (++lexemes > MAX_LEXEMES) throw new YamlFailure(`more than ${MAX_LEXEMES} tokens`);
    yield* syntax.next(lexeme);
  }
  yield* syntax.end();
}

function contentsOf(document: Document.Parsed): Node | null {
  const error = document.errors[0];
  if (error !== undefined) throw new YamlFailure(error.message, error.pos[0]);
  return document.contents;
}

/**
 * The composer goes on after an error and keeps one object for each, hundreds of thousands for a hostile body. Where
 * a version of it has no such member, its errors are found in the document.
 */
function failAtFirstError(composer: Composer): void {
  const onError = (
    source: number | [number, number] | CST.Token,
    _code: YAMLError["code"],
    message: string,
    warning?: boolean,
  ) => {
    if (warning === true) return;
    const offset = typeof source === "number"
      ? source
      : Array.isArray(source)
      ? source[0]
      : source.offset;
    throw new YamlFailure(message, offset);
  };
  Reflect.set(composer, "onError", onError);
}

/** Refuses nesting that would exhaust the stack of all that walks a document later. */
function checkNesting(document: CST.Document): void {
  const open: [CST.Token, number][] = document.value === undefined ? [] : [[document.value, 1]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [token, depth] = next;
    if (!("items" in token)) continue;
    if (depth > MAX_NESTING) throw new YamlFailure("exceeded max depth", token.offset);
    for (const { key, value } of token.items) {
      if (key && "items" in key) open.push([key, depth + 1]);
      if (value && "items" in value) open.push([value, depth + 1]);
    }
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
