import assert from "node:assert/strict";
import { FakeClock, silentLogger } from "../base/mod.ts";
import { CONFIG_MAPS, type ConfigMap } from "../api/mod.ts";
import { Client } from "../client/mod.ts";
import { type Change, Informer } from "./informer.ts";

const map = (name: string, version: string): ConfigMap => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "d", resourceVersion: version },
});

/** A server that answers lists from a script and whose watches are fed by hand. */
class Script {
  readonly lists: { items: ConfigMap[]; resourceVersion: string; continue?: string }[] = [];
  readonly requests: string[] = [];
  #watch = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();

  fetch = (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    this.requests.push(url.search);
    if (url.searchParams.get("watch") === null) {
      const list = this.lists.shift();
      assert.ok(list, "unexpected list");
      const { items, ...metadata } = list;
      return Promise.resolve(Response.json({ kind: "ConfigMapList", metadata, items }));
    }
    return Promise.resolve(
      new Response(
        new ReadableStream<Uint8Array>({ start: (controller) => this.#watch.resolve(controller) }),
      ),
    );
  };

  async send(...events: { type: string; object: unknown }[]): Promise<void> {
    const controller = await this.#watch.promise;
    const text = events.map((event) => JSON.stringify(event) + "\n").join("");
    controller.enqueue(new TextEncoder().encode(text));
  }

  async hangUp(): Promise<void> {
    const controller = await this.#watch.promise;
    this.#watch = Promise.withResolvers();
    controller.close();
  }
}

function start(script: Script) {
  const abort = new AbortController();
  const client = new Client({ server: "http://api", fetch: script.fetch, userAgent: "test" });
  const informer = new Informer({
    client,
    type: CONFIG_MAPS,
    clock: new FakeClock(),
    logger: silentLogger,
  });
  const changes: Change<ConfigMap>[] = [];
  const waiters: { count: number; resolve: () => void }[] = [];
  informer.onChange((change) => {
    changes.push(change);
    for (const waiter of waiters) if (changes.length >= waiter.count) waiter.resolve();
  });
  const seen = (count: number) =>
    new Promise<void>((resolve) => {
      if (changes.length >= count) resolve();
      else waiters.push({ count, resolve });
    });
  informer.start(abort.signal);
  return { informer, changes, seen, end: () => abort.abort() };
}

Deno.test("Informer lists by pages, then follows the watch from the list's revision", async () => {
  const script = new Script();
  script.lists.push(
    { items: [map("a", "1")], resourceVersion: "5", continue: "next" },
    { items: [map("b", "2")], resourceVersion: "5" },
  );
  const { informer, changes, seen, end } = start(script);
  await informer.synced();
  assert.deepEqual(informer.keys(), ["d/a", "d/b"]);
  await script.send(
    { type: "MODIFIED", object: map("a", "6") },
    { type: "DELETED", object: map("b", "7") },
    { type: "BOOKMARK", object: { metadata: { resourceVersion: "9" } } },
  );
  await seen(4);
  assert.deepEqual(
    changes.map((change) => [
      change.key,
      change.previous?.metadata?.resourceVersion,
      change.current?.metadata?.resourceVersion,
    ]),
    [["d/a", undefined, "1"], ["d/b", undefined, "2"], ["d/a", "1", "6"], ["d/b", "2", undefined]],
  );
  await script.hangUp();
  await script.send({ type: "ADDED", object: map("c", "10") });
  await seen(5);
  assert.match(script.requests.at(-1)!, /resourceVersion=9/);
  end();
});

Deno.test("Informer lists again after 410 and tells of what went away meanwhile", async () => {
  const script = new Script();
  script.lists.push({ items: [map("a", "1"), map("b", "2")], resourceVersion: "5" });
  const { informer, changes, seen, end } = start(script);
  await informer.synced();
  script.lists.push({ items: [map("b", "2"), map("c", "8")], resourceVersion: "8" });
  await script.send({
    type: "ERROR",
    object: { kind: "Status", code: 410, reason: "Expired", message: "too old" },
  });
  await seen(5);
  assert.deepEqual(informer.keys().sort(), ["d/b", "d/c"]);
  assert.equal(changes.find((change) => change.current === undefined)?.key, "d/a");
  end();
});
