import assert from "node:assert/strict";
import type { JsonObject } from "../../base/mod.ts";
import { ConflistError, defaultConflist, parseConflist } from "./conflist.ts";
import { type Attachment, NetworkPlugins, type PluginCall, pluginInput } from "./network.ts";
import { CniError, parseFailure, parseResult, resultAddresses } from "./result.ts";

const attachment: Attachment = {
  containerId: "c1",
  netns: "/run/netns/c1",
  ifname: "eth0",
  runtimeConfig: { portMappings: [{ hostPort: 80, containerPort: 80, protocol: "tcp" }] },
};

const network = parseConflist(JSON.stringify(
  defaultConflist({ podCidrs: ["10.244.1.0/24"], leaseDirectory: "/leases", mtu: 1400 }),
));

Deno.test("parseConflist() reads our own list and a single plugin", () => {
  assert.deepEqual(network.plugins.map(({ type }) => type), ["ptp", "portmap"]);
  const single = parseConflist('{"cniVersion":"0.4.0","name":"n","type":"bridge"}');
  assert.equal(single.plugins[0]?.type, "bridge");
});

Deno.test("parseConflist() refuses what it cannot use", () => {
  for (
    const text of [
      "",
      "[]",
      '{"name":"n","plugins":[]}',
      '{"name":"../n","plugins":[{"type":"ptp"}]}',
      '{"name":"n","plugins":[{"type":"../../bin/sh"}]}',
      '{"name":"n","cniVersion":"9.0.0","plugins":[{"type":"ptp"}]}',
      '{"name":"n","plugins":[{}]}',
    ]
  ) assert.throws(() => parseConflist(text), ConflistError, text);
});

Deno.test("pluginInput() hands runtime configuration only to plugins that declare it", () => {
  const [ptp, portmap] = network.plugins;
  assert.ok(ptp !== undefined && portmap !== undefined);
  const first = pluginInput(network, ptp, attachment, undefined);
  assert.equal(first.runtimeConfig, undefined);
  assert.equal(first.prevResult, undefined);
  const second = pluginInput(network, portmap, attachment, { ips: [] });
  assert.deepEqual(second.runtimeConfig, attachment.runtimeConfig);
  assert.deepEqual(second.prevResult, { ips: [] });
  assert.equal(second.capabilities, undefined);
  assert.equal(second.name, "coracle");
});

Deno.test("results and failures are read in CNI's terms", () => {
  const result = parseResult("ptp", '{"ips":[{"address":"10.1.0.2/24"},{"address":"fd00::2/64"}]}');
  assert.deepEqual(resultAddresses(result), ["10.1.0.2", "fd00::2"]);
  assert.deepEqual(resultAddresses({ ips: "no" }), []);
  assert.throws(() => parseResult("ptp", "oops"), CniError);
  const failure = parseFailure("ptp", 1, '{"code":7,"msg":"no range","details":"d"}', "");
  assert.equal(failure.code, 7);
  assert.equal(failure.message, 'plugin type="ptp" failed: no range; d');
  assert.equal(
    parseFailure("ptp", 2, "", "boom\n").message,
    'plugin type="ptp" failed: boom',
  );
});

Deno.test("NetworkPlugins runs ADD forwards and DEL backwards, and undoes a chain that fails", async () => {
  const directory = await Deno.makeTempDir();
  try {
    for (const name of ["ptp", "portmap"]) await Deno.writeTextFile(`${directory}/${name}`, "");
    const calls: string[] = [];
    let broken = false;
    const plugins = new NetworkPlugins([directory], (call: PluginCall) => {
      const name = call.program.slice(directory.length + 1);
      const input = JSON.parse(call.stdin) as JsonObject;
      calls.push(`${call.env.CNI_COMMAND} ${name} ${input.prevResult !== undefined}`);
      const fails = broken && name === "portmap" && call.env.CNI_COMMAND === "ADD";
      return Promise.resolve({
        code: fails ? 1 : 0,
        stdout: fails
          ? '{"code":11,"msg":"later"}'
          : call.env.CNI_COMMAND === "ADD"
          ? '{"ips":[{"address":"10.244.1.2/24"}]}'
          : "",
        stderr: "",
        timedOut: false,
      });
    });
    const record = await plugins.add(network, attachment);
    assert.deepEqual(resultAddresses(record.result), ["10.244.1.2"]);
    await plugins.delete(record, attachment);
    assert.deepEqual(calls, [
      "ADD ptp false",
      "ADD portmap true",
      "DEL portmap true",
      "DEL ptp true",
    ]);
    calls.length = 0;
    broken = true;
    await assert.rejects(
      plugins.add(network, attachment),
      (error) => error instanceof CniError && error.code === 11,
    );
    assert.deepEqual(calls.slice(2), ["DEL portmap true", "DEL ptp true"]);
    assert.match(
      await new NetworkPlugins(["/nowhere"]).missingPlugin(network) ?? "",
      /failed to find plugin "ptp"/,
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
