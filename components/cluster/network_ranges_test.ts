import assert from "node:assert/strict";
import { dataLayout } from "./data_directory.ts";
import {
  checkRange,
  chooseRanges,
  DEFAULT_RANGES,
  networkOn,
  type NetworkRanges,
  rangeChoice,
  recordRanges,
} from "./network_ranges.ts";

Deno.test("a new cluster gets ranges that the machine does not use", () => {
  const cases: {
    used?: string[];
    asked?: Partial<NetworkRanges>;
    expected: [string, string];
  }[] = [
    { expected: ["10.244.0.0/16", "10.96.0.0/16"] },
    { used: ["default", "0.0.0.0/0", "fd00::/8"], expected: ["10.244.0.0/16", "10.96.0.0/16"] },
    { used: ["10.244.3.0/24"], expected: ["10.245.0.0/16", "10.96.0.0/16"] },
    { used: ["10.96.0.1", "10.97.0.0/16"], expected: ["10.244.0.0/16", "10.98.0.0/16"] },
    { used: ["10.0.0.0/8"], expected: ["172.20.0.0/16", "172.16.0.0/16"] },
    {
      asked: { services: "10.244.0.0/20" },
      expected: ["10.245.0.0/16", "10.244.0.0/20"],
    },
    {
      asked: { pods: "10.96.128.0/20" },
      expected: ["10.96.128.0/20", "10.97.0.0/16"],
    },
    // What is asked for is had, whatever the machine routes.
    {
      asked: { pods: "10.9.0.0/16" },
      used: ["10.0.0.0/8"],
      expected: ["10.9.0.0/16", "172.16.0.0/16"],
    },
  ];
  for (const { used = [], asked = {}, expected } of cases) {
    const { pods, services } = rangeChoice({ recorded: undefined, asked, used });
    assert.deepEqual([pods[0], services], expected);
  }
});

Deno.test("a cluster keeps its ranges", () => {
  const recorded = { pods: "10.250.0.0/16", services: "10.99.0.0/16" };
  for (const asked of [{}, { pods: recorded.pods }, recorded]) {
    assert.deepEqual(
      rangeChoice({ recorded, asked, used: ["10.0.0.0/8"] }),
      { pods: [recorded.pods], services: recorded.services },
    );
  }
  assert.throws(
    () => rangeChoice({ recorded, asked: { pods: "10.1.0.0/16" }, used: [] }),
    /the pods of this cluster have 10\.250\.0\.0\/16/,
  );
  assert.throws(
    () => rangeChoice({ recorded, asked: { services: "10.1.0.0/16" }, used: [] }),
    /the services of this cluster have 10\.99\.0\.0\/16/,
  );
});

Deno.test("ranges that cannot be are refused", () => {
  const ask = (asked: Partial<NetworkRanges>, used: string[] = []) => () =>
    rangeChoice({ recorded: undefined, asked, used });
  assert.throws(
    ask({ pods: "10.1.0.0/16", services: "10.1.8.0/24" }),
    /pods and Services cannot share addresses/,
  );
  const everything = ["10.0.0.0/8", "172.16.0.0/12"];
  assert.throws(ask({}, everything), /--service-cluster-ip-range takes one/);
  assert.throws(ask({ services: "192.168.1.0/24" }, everything), /--cluster-cidr takes one/);
});

Deno.test("checkRange() brings a range into its usual form", () => {
  for (
    const [which, text, expected] of [
      ["pods", "10.7.3.1/16", { range: "10.7.0.0/16" }],
      ["pods", "10.7.3.1", { problem: "must be an IPv4 range such as 10.1.0.0/16" }],
      ["pods", "fd00::/48", { problem: "must be an IPv4 range such as 10.1.0.0/16" }],
      ["pods", "10.7.0.0/25", { problem: "its mask must be from 8 to 24" }],
      ["pods", "10.0.0.0/7", { problem: "its mask must be from 8 to 24" }],
      ["services", "10.96.0.0/12", { range: "10.96.0.0/12" }],
      ["services", "10.0.0.0/8", { problem: "its mask must be from 12 to 28" }],
      ["services", "10.96.0.0/29", { problem: "its mask must be from 12 to 28" }],
      ["services", "", { problem: "must be an IPv4 range such as 10.1.0.0/16" }],
    ] as const
  ) assert.deepEqual(checkRange(which, text), expected, text);
});

Deno.test("cluster DNS has the tenth address of the Services", () => {
  const { dnsAddress, clusterCidrs, serviceCidrs } = networkOn({
    pods: "10.245.0.0/16",
    services: "172.16.0.16/28",
  });
  assert.deepEqual(
    { dnsAddress, clusterCidrs, serviceCidrs },
    {
      dnsAddress: "172.16.0.26",
      clusterCidrs: ["10.245.0.0/16"],
      serviceCidrs: ["172.16.0.16/28"],
    },
  );
});

Deno.test("what is recorded is found again; a cluster without a record has the usual ranges", async () => {
  const directory = await Deno.makeTempDir({ prefix: "coracle-test-" });
  try {
    const layout = dataLayout(directory);
    const usual = { pods: [DEFAULT_RANGES.pods], services: DEFAULT_RANGES.services };
    assert.deepEqual(await chooseRanges(layout, { runtime: "hollow" }), usual);
    assert.deepEqual(await chooseRanges(layout, { runtime: "podman", etcd: {} }), usual);
    await Deno.writeTextFile(layout.adminKubeconfig, "");
    assert.deepEqual(await chooseRanges(layout, { runtime: "podman" }), usual);
    await recordRanges(layout, { pods: "10.1.0.0/16", services: "10.2.0.0/16" });
    assert.deepEqual(
      await chooseRanges(layout, { runtime: "podman" }),
      { pods: ["10.1.0.0/16"], services: "10.2.0.0/16" },
    );
    await assert.rejects(
      chooseRanges(layout, { runtime: "podman", ranges: { pods: "10.3.0.0/16" } }),
      /10\.1\.0\.0/,
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
