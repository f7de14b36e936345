import assert from "node:assert/strict";
import { makeSocketFolder } from "./socket_folder.ts";

async function folders(path: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir(path)) found.push(name);
  return found;
}

Deno.test({
  name: "makeSocketFolder() makes folders for sockets below paths of any length",
  // The folder with the long path stays open for the next one in it.
  sanitizeResources: false,
  async fn() {
    const root = await Deno.makeTempDir({ prefix: "coracle-test-" });
    try {
      for (const length of [1, 60, 130, 250]) {
        const parent = `${root}/${"ä".repeat(length / 2)}x`;
        await Deno.mkdir(parent, { recursive: true });
        for (const _ of [1, 2]) {
          const folder = await makeSocketFolder(parent, "door");
          assert.ok(new TextEncoder().encode(`${folder}/0123456789abc`).length < 108, folder);
          assert.equal((await Deno.stat(folder)).mode! & 0o777, 0o700);
          const [name = ""] = await folders(parent);
          assert.match(name, /^door-/);
          const listener = Deno.listen({ transport: "unix", path: `${folder}/socket` });
          (await Deno.connect({ transport: "unix", path: `${folder}/socket` })).close();
          assert.deepEqual(await folders(`${parent}/${name}`), ["socket"]);
          listener.close();
          await Deno.remove(folder, { recursive: true });
          assert.deepEqual(await folders(parent), []);
        }
        // One that is removed and made again is another.
        await Deno.remove(parent, { recursive: true });
        await Deno.mkdir(parent);
        await makeSocketFolder(parent, "door");
        assert.equal((await folders(parent)).length, 1);
      }
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
});
