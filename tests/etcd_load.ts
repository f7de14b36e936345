/** Load on several API servers over one etcd, with account of what was acknowledged and of what watchers were told. */
import assert from "node:assert/strict";
import { type Random, randomInteger, sleep, systemClock } from "../components/base/mod.ts";
import type { Store } from "../components/storage/mod.ts";
import type { EtcdApiServer } from "./etcd_api_server.ts";

const PATH = "/api/v1/namespaces/default/configmaps";
const PREFIX = "/registry/configmaps/default/";
const LABEL = "load";
const PATCH = { "content-type": "application/merge-patch+json" };

/** An event as a watcher or the store tells it: `revision type name`. */
type Told = string;

/** What is known of one object: what was acknowledged last, or that of the last write nobody knows. */
interface Known {
  readonly revision: string | undefined;
  readonly sure: boolean;
}

export class EtcdLoad {
  readonly #servers: readonly EtcdApiServer[];
  readonly #random: Random;
  readonly #alive: Set<EtcdApiServer>;
  readonly #known = new Map<string, Known>();
  #over = false;
  #sequence = 0;
  /** Writes that were acknowledged, and those that were answered with an error. */
  acknowledged = 0;
  unknown = 0;

  constructor(servers: readonly EtcdApiServer[], random: Random) {
    this.#servers = servers;
    this.#alive = new Set(servers);
    this.#random = random;
  }

  /** Ends a server under the load, without a word. */
  async kill(server: EtcdApiServer): Promise<void> {
    this.#alive.delete(server);
    await server.kill();
  }

  /** Writes and watches while `faults` does its work, and for as long until `enough` more writes are acknowledged. */
  async during(faults: () => Promise<void>, writers: number, enough: number): Promise<void> {
    const [first] = this.#servers as [EtcdApiServer];
    const { body } = await first.send("GET", PATH);
    const from = body.metadata.resourceVersion as string;
    this.#over = false;
    const watchers = this.#servers.map(() => new ResumingWatcher(() => this.#any(), from));
    const writing = Promise.all(Array.from({ length: writers }, () => this.#write()));
    await faults();
    const wanted = this.acknowledged + enough;
    while (this.acknowledged < wanted) await sleep(systemClock, 5);
    this.#over = true;
    await writing;
    await this.#verify(Number(from), watchers);
  }

  #any(): EtcdApiServer {
    const alive = [...this.#alive];
    return alive[randomInteger(this.#random, alive.length)] as EtcdApiServer;
  }

  async #write(): Promise<void> {
    while (!this.#over) {
      const name = `load-${this.#sequence++}`;
      let revision = await this.#one(name, undefined, "POST", PATH, {
        metadata: { name, labels: { [LABEL]: "" } },
        data: { text: "x".repeat(500) },
      });
      if (revision === undefined) continue;
      const changes = randomInteger(this.#random, 3);
      for (let i = 0; i < changes && revision !== undefined; i++) {
        const change = { metadata: { resourceVersion: revision }, data: { change: `${i}` } };
        revision = await this.#one(name, revision, "PATCH", `${PATH}/${name}`, change);
      }
      if (revision !== undefined && randomInteger(this.#random, 3) === 0) {
        await this.#one(name, revision, "DELETE", `${PATH}/${name}`, undefined);
      }
    }
  }

  /** One write; answers the revision where it was acknowledged and the object is still there. */
  async #one(
    name: string,
    before: string | undefined,
    method: string,
    path: string,
    body: Parameters<EtcdApiServer["send"]>[2],
  ): Promise<string | undefined> {
    const headers = method === "PATCH" ? PATCH : { "content-type": "application/json" };
    const answer = await this.#any().send(method, path, body, headers).catch(() => undefined);
    const code = answer?.code ?? 0;
    if (code >= 200 && code < 300) {
      this.acknowledged++;
      const revision = method === "DELETE" ? undefined : answer?.body.metadata.resourceVersion;
      this.#known.set(name, { revision, sure: true });
      return revision;
    }
    // Nobody else writes these objects, so that a refusal would be a lie.
    assert.ok(code === 0 || code >= 500, `${method} ${name}: ${JSON.stringify(answer?.body)}`);
    this.unknown++;
    this.#known.set(name, { revision: before, sure: false });
    return undefined;
  }

  async #verify(from: number, watchers: readonly ResumingWatcher[]): Promise<void> {
    const server = this.#any();
    const { code, body } = await server.send("GET", PATH);
    assert.equal(code, 200, JSON.stringify(body));
    const found = new Map<string, string>(
      body.items.map(({ metadata }: Named) => [metadata.name, metadata.resourceVersion]),
    );
    const wrong: string[] = [];
    for (const [name, { revision, sure }] of this.#known) {
      if (sure && found.get(name) !== revision) {
        wrong.push(`${name}: ${revision} acknowledged, ${found.get(name)} found`);
      }
    }
    assert.deepEqual(wrong, [], "acknowledged writes are there, and no others on top of them");
    const last = Number(body.metadata.resourceVersion);
    const told = await history(server.store, from, last);
    for (const watcher of watchers) {
      await watcher.until(last, told.length);
      assert.deepEqual(watcher.told, told, "a watcher was told everything once and in order");
      watcher.end();
    }
  }
}

interface Named {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
}

/** What really happened, by etcd's own history. */
async function history(store: Store, from: number, to: number): Promise<Told[]> {
  const told: Told[] = [];
  const done = Promise.withResolvers<void>();
  const handle = await store.watch("/registry/", from, {
    events(batch) {
      for (const { key, revision, value, previous } of batch) {
        if (revision > to || !key.startsWith(PREFIX)) continue;
        const type = value === undefined
          ? "DELETED"
          : previous === undefined
          ? "ADDED"
          : "MODIFIED";
        told.push(`${revision} ${type} ${key.slice(PREFIX.length)}`);
      }
    },
    progress: (revision) => {
      if (revision >= to) done.resolve();
    },
    end: (error) => done.reject(error ?? new Error("the store has closed")),
  });
  handle.requestProgress?.(to);
  await done.promise;
  handle.cancel();
  return told;
}

/** Watches as a client does: goes on at any server with the last revision it was told. */
class ResumingWatcher {
  readonly told: Told[] = [];
  readonly #abort = new AbortController();
  #revision: string;
  #failure: Error | undefined;

  constructor(readonly any: () => EtcdApiServer, from: string) {
    this.#revision = from;
    void this.#run();
  }

  end(): void {
    this.#abort.abort();
  }

  async until(revision: number, events: number): Promise<void> {
    while (this.told.length < events || Number(this.#revision) < revision && events === 0) {
      if (this.#failure !== undefined) throw this.#failure;
      await sleep(systemClock, 5);
    }
  }

  async #run(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      try {
        await this.#follow();
      } catch (error) {
        if (error instanceof assert.AssertionError) {
          this.#failure = error;
          return;
        }
        await sleep(systemClock, 5);
      }
    }
  }

  async #follow(): Promise<void> {
    const query = `?watch=true&resourceVersion=${this.#revision}&timeoutSeconds=600`;
    const response = await this.any().fetch("GET", PATH + query);
    if (response.status !== 200) {
      await response.body?.cancel();
      assert.notEqual(response.status, 410);
      throw new Error(`${response.status}`);
    }
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    this.#abort.signal.addEventListener("abort", () => void reader.cancel().catch(() => {}));
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#take(JSON.parse(line));
    }
  }

  #take({ type, object }: { type: string; object: Named & { code?: number } }): void {
    if (type === "ERROR") {
      assert.notEqual(object.code, 410, JSON.stringify(object));
      throw new Error(JSON.stringify(object));
    }
    const { name, resourceVersion } = object.metadata;
    this.#revision = resourceVersion;
    if (type !== "BOOKMARK") this.told.push(`${resourceVersion} ${type} ${name}`);
  }
}
