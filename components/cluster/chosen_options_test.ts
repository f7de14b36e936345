import assert from "node:assert/strict";
import {
  type ChosenOptions,
  chosenOptions,
  listenText,
  recordedOptions,
  recordOptions,
} from "./chosen_options.ts";
import { dataLayout } from "./data_directory.ts";
import { parseListenAddress } from "./network.ts";

const usual: ChosenOptions = {
  listen: { host: "127.0.0.1", port: 6443 },
  runtime: "podman",
  nodes: 1,
};
const other: ChosenOptions = { listen: { host: "::1", port: 7443 }, runtime: "hollow", nodes: 3 };

Deno.test("chosenOptions: what is asked for goes before what is recorded", () => {
  const cases: [Partial<ChosenOptions> | undefined, Partial<ChosenOptions>, ChosenOptions][] = [
    [undefined, {}, usual],
    [undefined, other, other],
    [other, {}, other],
    [other, { nodes: 4 }, { ...other, nodes: 4 }],
    [other, { nodes: 3, runtime: "hollow" }, other],
    [other, { listen: usual.listen }, { ...other, listen: usual.listen }],
    [{ nodes: 2 }, {}, { ...usual, nodes: 2 }],
  ];
  for (const [recorded, asked, expected] of cases) {
    assert.deepEqual(chosenOptions(recorded, asked), expected);
  }
});

Deno.test("chosenOptions refuses in one line what a cluster cannot become", () => {
  const cases: [Partial<ChosenOptions>, RegExp][] = [
    [{ runtime: "podman" }, /^the nodes of this cluster are hollow: --runtime is chosen/],
    [{ nodes: 2 }, /^this cluster has 3 nodes: --nodes may add some, and 2 would take some away$/],
  ];
  for (const [asked, message] of cases) {
    assert.throws(() => chosenOptions(other, asked), { name: "StartError", message });
  }
});

Deno.test("recorded options are read again, and damaged ones are not", async () => {
  const root = await Deno.makeTempDir();
  try {
    const layout = dataLayout(root);
    assert.equal(await recordedOptions(layout), undefined);
    await recordOptions(layout, other);
    assert.deepEqual(await recordedOptions(layout), other);
    const damaged: [string, object | undefined][] = [
      ["", undefined],
      ["null", undefined],
      ["[]", {}],
      ['{"nodes":"3","listen":6443,"runtime":"docker"}', {}],
      ['{"nodes":-1,"listen":"127.0.0.1:1"}', { listen: { host: "127.0.0.1", port: 1 } }],
    ];
    for (const [text, expected] of damaged) {
      await Deno.writeTextFile(`${root}/options.json`, text);
      assert.deepEqual(await recordedOptions(layout), expected, text);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("listenText is what parseListenAddress reads", () => {
  for (const address of [usual.listen, other.listen]) {
    assert.deepEqual(parseListenAddress(listenText(address)), address);
  }
});
