import assert from "node:assert/strict";
import { dataLayout, ownData } from "./data_directory.ts";
import { resetCluster } from "./reset.ts";
import { StartError } from "./start_error.ts";

Deno.test("ownData takes new, empty and own directories, and leaves those with other files", async () => {
  const root = await Deno.makeTempDir();
  try {
    const own = `${root}/own`;
    for (let times = 0; times < 2; times++) (await ownData(own, "a test")).release();
    await Deno.mkdir(`${root}/empty`);
    (await ownData(`${root}/empty`, "a test")).release();

    const others = `${root}/others`;
    await Deno.mkdir(others);
    await Deno.writeTextFile(`${others}/precious`, "x");
    await assert.rejects(() => ownData(others, "a test"), StartError);
    await assert.rejects(() => resetCluster(dataLayout(others)), StartError);
    assert.deepEqual([...Deno.readDirSync(others)].map(({ name }) => name), ["precious"]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
