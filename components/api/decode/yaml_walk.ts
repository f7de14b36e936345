import type { Alias, Node, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";
import type { JsonObject, JsonValue } from "../../base/mod.ts";
import { MAX_DUPLICATES, MAX_NESTING } from "./json_scan.ts";

/** Characters that aliases may add to a document: as much as a body may hold. */
export const MAX_ALIASED_CHARACTERS = 3 * 1024 * 1024;
/** The longest key that a complaint shows whole. */
const MAX_SHOWN_KEY = 256;

/** Text that is no YAML, or no JSON in YAML; `offset` says where. */
export class YamlFailure extends Error {
  constructor(message: string, readonly offset?: number) {
    super(message);
  }
}

/** What tells the parser's nodes apart. */
export interface NodeKinds {
  isAlias(node: unknown): node is Alias;
  isMap(node: unknown): node is YAMLMap<unknown, unknown>;
  isScalar(node: unknown): node is Scalar<unknown>;
  isSeq(node: unknown): node is YAMLSeq<unknown>;
}

/**
 * Turns a document's nodes into JSON, each alias into a value of its own: what is read is changed in place later.
 * The parser's own way looks through all anchors at each alias and through all keys at each key.
 */
export class YamlWalk {
  /** Complaints about the first keys that stand more than once in their map. */
  readonly duplicates: string[] = [];
  readonly #anchors = new Map<string, Node>();
  /** What an alias stands for is settled where it stands first, before its anchor's name is used anew. */
  readonly #targets = new Map<Alias, Node>();
  readonly #expanding = new Set<Node>();
  #depth = 0;
  #nodes = 0;
  #aliasedNodes = 0;
  #aliasedCharacters = 0;

  constructor(readonly kinds: NodeKinds, readonly lineAt: (offset: number) => number) {}

  /** Throws `YamlFailure` for what JSON cannot say and for a document that aliases make huge. */
  read(node: unknown): JsonValue {
    this.#nodes++;
    if (this.#expanding.size > 0) this.#countAliased(node);
    if (this.kinds.isAlias(node)) return this.#alias(node);
    this.#define(node);
    if (this.kinds.isScalar(node)) return this.#scalar(node);
    if (++this.#depth > MAX_NESTING) throw new YamlFailure("exceeded max depth", offsetOf(node));
    const value = this.kinds.isMap(node)
      ? this.#map(node)
      : this.kinds.isSeq(node)
      ? node.items.map((item) => this.read(item))
      : null;
    this.#depth--;
    return value;
  }

  /** Within an alias nothing is defined: its names were, where they stand. */
  #define(node: unknown): void {
    if (this.#expanding.size > 0) return;
    const { anchor } = node as { anchor?: string } ?? {};
    if (anchor !== undefined) this.#anchors.set(anchor, node as Node);
  }

  #alias(alias: Alias): JsonValue {
    const target = this.#targets.get(alias) ?? this.#anchors.get(alias.source);
    if (target === undefined) {
      throw new YamlFailure(`unknown anchor '${shown(alias.source)}' referenced`);
    }
    this.#targets.set(alias, target);
    if (this.#expanding.has(target) || encloses(target, alias)) {
      throw new YamlFailure(`anchor '${shown(alias.source)}' value contains itself`);
    }
    this.#expanding.add(target);
    const value = this.read(target);
    this.#expanding.delete(target);
    return value;
  }

  /** Upstream's measure of a document that is mostly its own copies, and a bound on what they hold. */
  #countAliased(node: unknown): void {
    this.#aliasedNodes++;
    this.#aliasedCharacters += 1;
    if (this.kinds.isScalar(node) && typeof node.value === "string") {
      this.#aliasedCharacters += node.value.length;
    }
    const excessive = this.#aliasedNodes > 100 && this.#nodes > 1000 &&
      this.#aliasedNodes / this.#nodes > allowedShare(this.#nodes);
    if (excessive || this.#aliasedCharacters > MAX_ALIASED_CHARACTERS) {
      throw new YamlFailure("document contains excessive aliasing");
    }
  }

  #map(map: YAMLMap<unknown, unknown>): JsonObject {
    const object: JsonObject = {};
    const stated = new Set<string>();
    for (const pair of map.items) {
      if (this.#isMerge(pair.key)) {
        this.#merge(object, pair);
        continue;
      }
      const key = this.#key(pair.key);
      if (stated.has(key)) this.#duplicate(key, pair.key);
      stated.add(key);
      set(object, key, this.read(pair.value));
    }
    return object;
  }

  #isMerge(key: unknown): boolean {
    if (!this.kinds.isScalar(key)) return false;
    return typeof key.value === "symbol" || (key.value === "<<" && key.type === "PLAIN");
  }

  /** `<<: *base`: what stands in the map itself goes before what is merged into it. */
  #merge(object: JsonObject, { value }: Pair<unknown, unknown>): void {
    const merged = this.read(value);
    for (const source of Array.isArray(merged) ? merged : [merged]) {
      if (typeof source !== "object" || source === null || Array.isArray(source)) {
        const wanted = "map merge requires map or sequence of maps as the value";
        throw new YamlFailure(wanted, offsetOf(value));
      }
      for (const key of Object.keys(source)) {
        if (!Object.hasOwn(object, key)) set(object, key, source[key] ?? null);
      }
    }
  }

  #key(node: unknown): string {
    const key = this.read(node);
    if (key === null || typeof key === "object") {
      throw new YamlFailure("invalid map key", offsetOf(node));
    }
    return String(key);
  }

  #scalar(node: Scalar<unknown>): JsonValue {
    const { value } = node;
    if (typeof value === "bigint") return Number(value);
    if (typeof value === "number" && !Number.isFinite(value)) {
      const name = Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
      throw new YamlFailure(`json: unsupported value: ${name}`, offsetOf(node));
    }
    const plain = typeof value === "number" || typeof value === "boolean" ||
      typeof value === "string";
    if (plain) return value;
    return value === null || value === undefined ? null : node.source ?? "<<";
  }

  #duplicate(key: string, node: unknown): void {
    if (this.duplicates.length >= MAX_DUPLICATES || this.#expanding.size > 0) return;
    const line = this.lineAt(offsetOf(node) ?? 0);
    this.duplicates.push(`line ${line}: key ${JSON.stringify(shown(key))} already set in map`);
  }
}

/** The share of a document's nodes that may come of aliases: almost all of a small one, a tenth of a huge one. */
function allowedShare(nodes: number): number {
  const [few, many] = [400_000, 4_000_000];
  if (nodes <= few) return 0.99;
  if (nodes >= many) return 0.1;
  return 0.99 - 0.89 * (nodes - few) / (many - few);
}

/** True for an alias that stands within the value of its own anchor. */
function encloses(target: Node, alias: Alias): boolean {
  const [outer, inner] = [target.range, alias.range];
  return !!outer && !!inner && outer[0] <= inner[0] && inner[1] <= outer[1];
}

function offsetOf(node: unknown): number | undefined {
  return (node as { range?: [number, number, number] | null } | null)?.range?.[0];
}

function shown(name: string): string {
  return name.length > MAX_SHOWN_KEY ? `${name.slice(0, MAX_SHOWN_KEY)}...` : name;
}

/** A member of its own, whatever its name. */
function set(object: JsonObject, key: string, value: JsonValue): void {
  if (key !== "__proto__") object[key] = value;
  else {Object.defineProperty(object, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });}
}
