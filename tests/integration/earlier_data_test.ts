import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { CONFIG_MAPS, DEPLOYMENTS, type KubeObject, PODS } from "../../components/api/mod.ts";
import { Cluster } from "../../mod.ts";

const GOLDEN = new URL("../golden/data_directory/", import.meta.url);

/** Stores as earlier versions left them: each opens for as long as its format is spoken. */
const STORES = ["format-1"];

for (const name of STORES) {
  Deno.test(`a data directory of an earlier version opens: ${name}`, async () => {
    const directory = await Deno.makeTempDir({ prefix: "coracle-earlier-" });
    try {
      await Deno.mkdir(`${directory}/store`, { mode: 0o700 });
      const packed = await Deno.readFile(new URL(`${name}.kv.gz`, GOLDEN));
      await Deno.writeFile(`${directory}/store/store.kv`, gunzipSync(packed));
      await Deno.writeTextFile(`${directory}/store/format`, `${name.split("-")[1]}\n`);
      await using cluster = await Cluster.start({
        nodes: 0,
        runtime: "hollow",
        store: directory,
        controllers: ["-*"],
      });
      const { client } = cluster;
      const kept = await client.get(CONFIG_MAPS, "kept", "default");
      assert.deepEqual(kept.data, { a: "b" });
      const web = await client.get(DEPLOYMENTS, "web", "default");
      assert.equal(web.status?.readyReplicas, 2);
      const { items } = await client.list(PODS, { namespace: "default" });
      assert.deepEqual(items.map(({ status }) => status?.phase), ["Running", "Running"]);
      // Revisions go on where they were.
      const more = await client.create(CONFIG_MAPS, {
        metadata: { name: "more", namespace: "default" },
      });
      const revision = (at: KubeObject) => Number(at.metadata?.resourceVersion);
      assert.ok(revision(more) > Math.max(...[kept, web, ...items].map(revision)));
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}
