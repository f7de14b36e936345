import { FakeClock, seededRandom, silentLogger } from "../../base/mod.ts";
import { BUILTIN_KINDS, type KubeObject, type ResourceDefinition } from "../../api/served.ts";
import { openKvStore, type Store } from "../../storage/mod.ts";
import { ResourceStore } from "../registry/resource_store.ts";
import { parseRequestInfo } from "../request_info.ts";
import type { ReadRequest, ReadServices } from "./read_request.ts";

/** A store in memory, one resource in it, and reads of it: for tests. */
export class ReadHarness {
  readonly clock = new FakeClock();
  readonly abort = new AbortController();
  readonly services: ReadServices = {
    clock: this.clock,
    random: seededRandom(1),
    logger: silentLogger,
    shutdown: this.abort.signal,
    minimumWatchSeconds: 1800,
  };
  readonly #revisions = new Map<string, number>();

  constructor(
    readonly store: Store,
    readonly definition: ResourceDefinition,
    readonly resource: ResourceStore,
  ) {}

  static async open(group: string, version: string, plural: string): Promise<ReadHarness> {
    const definition = BUILTIN_KINDS.find((each) =>
      each.group === group && each.version === version && each.plural === plural
    );
    if (definition?.storage === undefined) throw new Error(`${plural} is not stored`);
    const clock = new FakeClock();
    const store = await openKvStore({ directory: "memory", clock, logger: silentLogger });
    const { prefix } = definition.storage;
    const resource = new ResourceStore(store, definition, prefix, clock, silentLogger);
    await resource.cache.ready();
    return new ReadHarness(store, definition, resource);
  }

  /** Puts an object; answers its revision. */
  async put(object: KubeObject): Promise<number> {
    const { namespace = "", name = "" } = object.metadata ?? {};
    const key = this.resource.key(namespace, name);
    const value = this.resource.encoding.encode(object);
    const known = this.#revisions.get(key);
    const revision = await this.store.write(
      known === undefined
        ? { op: "create", key, value }
        : { op: "update", key, value, revision: known },
    );
    this.#revisions.set(key, revision);
    await this.resource.fresh();
    return revision;
  }

  async delete(namespace: string, name: string): Promise<number> {
    const key = this.resource.key(namespace, name);
    const revision = this.#revisions.get(key) ?? 0;
    this.#revisions.delete(key);
    const deleted = await this.store.write({ op: "delete", key, revision });
    await this.resource.fresh();
    return deleted;
  }

  /** A GET of a path with query. */
  read(
    url: string,
    headers: Record<string, string> = {},
    definition: ResourceDefinition = this.definition,
  ): ReadRequest {
    const request = new Request(`http://server${url}`, { headers });
    const { pathname, searchParams: query } = new URL(request.url);
    return {
      request,
      query,
      info: parseRequestInfo("GET", pathname, query),
      resource: this.resource,
      definition,
    };
  }

  async close(): Promise<void> {
    this.abort.abort();
    this.resource.cache.close();
    await this.store.close();
  }
}

/** The lines of a watch's answer, one at a time. */
export class WatchLines {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(response: Response) {
    if (response.body === null) throw new Error("a watch has a body");
    this.#reader = response.body.getReader();
  }

  /** The next event; undefined at the end of the stream. */
  async next(): Promise<WatchLine | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return JSON.parse(line) as WatchLine;
      }
      const { value, done } = await this.#reader.read();
      if (done) return undefined;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  /** The next `count` events as `TYPE name@revision`. */
  async take(count: number): Promise<string[]> {
    const lines: string[] = [];
    while (lines.length < count) {
      const line = await this.next();
      if (line === undefined) break;
      const { name = "", resourceVersion } = line.object.metadata ?? {};
      lines.push(`${line.type} ${name}@${resourceVersion}`);
    }
    return lines;
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

export interface WatchLine {
  readonly type: string;
  readonly object: KubeObject & { readonly code?: number; readonly reason?: string };
}
