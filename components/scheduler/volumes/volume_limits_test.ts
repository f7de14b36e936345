import assert from "node:assert/strict";
import type { Pod } from "../../api/mod.ts";
import { aClaim, aClass, aCycle, aPod, aVolume, cacheOf, podWith } from "./fake_volumes.ts";
import { NodeVolumeLimits } from "./node_volume_limits.ts";
import { podVolumes, UsedVolumes } from "./used_volumes.ts";
import { VolumeRestrictions } from "./volume_restrictions.ts";

const DRIVER = "csi.example.com";
const csi = (name: string, handle = name) =>
  aVolume(name, { spec: { csi: { driver: DRIVER, volumeHandle: handle } } });
const limit = (name: string, count: number) => ({
  metadata: { name },
  spec: { drivers: [{ name: DRIVER, nodeID: name, allocatable: { count } }] },
});

/** Pods by node, each with the claims that it mounts. */
function used(nodes: Readonly<Record<string, readonly Pod[]>>): UsedVolumes {
  const volumes = new UsedVolumes();
  let next = 0;
  for (const [node, pods] of Object.entries(nodes)) {
    for (const pod of pods) volumes.put(`other-${next++}`, node, podVolumes(pod)!);
  }
  return volumes;
}

Deno.test("a node takes as many volumes of a driver as it says", () => {
  const claims = ["a", "b", "c", "d"].map((name) => aClaim(name, { volume: `v-${name}` }));
  const waiting = ["w1", "w2"].map((name) => aClaim(name, { class: "csi" }));
  const volumes = [csi("v-a"), csi("v-b"), csi("v-c"), csi("v-d", "v-a")];
  const classes = [aClass("csi", { provisioner: DRIVER })];
  const cases: [string, number, Pod[], string[], boolean][] = [
    ["room", 2, [podWith("a")], ["b"], true],
    ["no room", 1, [podWith("a")], ["b"], false],
    ["attached already", 1, [podWith("a")], ["a"], true],
    ["attached already, beyond the limit", 1, [podWith("a"), podWith("b")], ["a"], true],
    ["the same volume under another name", 1, [podWith("a")], ["d"], true],
    ["two pods with one claim count once", 2, [podWith("a"), podWith("a")], ["b"], true],
    ["two new ones", 2, [podWith("a")], ["b", "c"], false],
    ["one that is yet to be made", 1, [podWith("a")], ["w1"], false],
    ["two that are yet to be made", 2, [], ["w1", "w2"], true],
    ["one beside one that is yet to be made", 1, [podWith("w1")], ["w2"], false],
    ["no volumes at all", 0, [], ["a"], false],
  ];
  for (const [name, count, pods, wanted, expected] of cases) {
    const cache = cacheOf({
      claims: [...claims, ...waiting],
      volumes,
      classes,
      csiNodes: [limit("n1", count)],
    });
    const plugin = new NodeVolumeLimits(cache, used({ n1: pods, n2: pods }));
    const refused = plugin.filter(aCycle(podWith(...wanted)), ["n1", "n2"]);
    assert.equal(refused.has("n2"), false, `${name}: a node that says nothing`);
    assert.deepEqual(
      refused.get("n1"),
      expected
        ? undefined
        : { code: "Unschedulable", reasons: ["node(s) exceed max volume count"] },
      name,
    );
  }
});

Deno.test("volumes of plugins count for their drivers where the node has handed the plugin over", () => {
  const ebs = (name: string) =>
    aVolume(name, { spec: { awsElasticBlockStore: { volumeID: name } } });
  const fits = (migrated: string, wanted: string) => {
    const csiNode = {
      metadata: {
        name: "n1",
        annotations: { "storage.alpha.kubernetes.io/migrated-plugins": migrated },
      },
      spec: {
        drivers: [{ name: "ebs.csi.aws.com", nodeID: "n1", allocatable: { count: 1 } }],
      },
    };
    const cache = cacheOf({
      claims: [
        aClaim("a", { volume: "v-a" }),
        aClaim("b", { volume: "v-b" }),
        aClaim("new", { class: "ebs" }),
      ],
      volumes: [ebs("v-a"), ebs("v-b")],
      classes: [aClass("ebs", { provisioner: "kubernetes.io/aws-ebs" })],
      csiNodes: [csiNode],
    });
    const plugin = new NodeVolumeLimits(cache, used({ n1: [podWith("a")] }));
    return plugin.filter(aCycle(podWith(wanted)), ["n1"]).size === 0;
  };
  assert.deepEqual(["a", "b", "new"].map((claim) => fits("kubernetes.io/aws-ebs", claim)), [
    true,
    false,
    false,
  ]);
  assert.deepEqual(["a", "b", "new"].map((claim) => fits("kubernetes.io/gce-pd", claim)), [
    true,
    true,
    true,
  ]);
});

Deno.test("what the API says is attached counts as well", () => {
  const cache = cacheOf({
    claims: [aClaim("a", { volume: "v-a" })],
    volumes: [csi("v-a"), csi("v-b")],
    csiNodes: [limit("n1", 1)],
  });
  const plugin = new NodeVolumeLimits(cache, new UsedVolumes());
  const fits = () => plugin.filter(aCycle(podWith("a")), ["n1"]).size === 0;
  assert.equal(fits(), true);
  cache.putAttachment("x", { name: "x", node: "n1", volumeName: "v-b" });
  assert.equal(fits(), false);
  cache.putAttachment("x", { name: "x", node: "n2", volumeName: "v-b" });
  assert.equal(fits(), true);
});

Deno.test("disks that two pods may not share", () => {
  const gce = (pdName: string, readOnly = false) =>
    aPod([{ name: "v", gcePersistentDisk: { pdName, readOnly } }]);
  const aws = (readOnly: boolean) =>
    aPod([{ name: "v", awsElasticBlockStore: { volumeID: "x", readOnly } }]);
  const iscsi = (iqn: string, readOnly = false) =>
    aPod([{ name: "v", iscsi: { iqn, lun: 0, targetPortal: "p", readOnly } }]);
  const rbd = (monitors: string[], image: string, readOnly = false) =>
    aPod([{ name: "v", rbd: { monitors, image, pool: "rbd", readOnly } }]);
  const cases: [string, Pod, Pod, boolean][] = [
    ["one disk", gce("x"), gce("x"), true],
    ["one that both read", gce("x", true), gce("x", true), false],
    ["one that one writes", gce("x", true), gce("x"), true],
    ["two disks", gce("x"), gce("y"), false],
    ["AWS, even to read", aws(true), aws(true), true],
    ["ISCSI", iscsi("x"), iscsi("x"), true],
    ["ISCSI to read", iscsi("x", true), iscsi("x", true), false],
    ["RBD with a monitor in common", rbd(["a", "b"], "i"), rbd(["b", "c"], "i"), true],
    ["RBD of other monitors", rbd(["a"], "i"), rbd(["c"], "i"), false],
    ["RBD of another image", rbd(["a"], "i"), rbd(["a"], "j"), false],
    ["RBD to read", rbd(["a"], "i", true), rbd(["a"], "i", true), false],
  ];
  for (const [name, there, wanted, conflict] of cases) {
    const plugin = new VolumeRestrictions(cacheOf({}), used({ n1: [there] }));
    assert.deepEqual(
      plugin.preFilter(aCycle(wanted)).constraints ?? [],
      conflict
        ? [{
          reason: "node(s) had no available disk",
          unresolvable: false,
          except: ["n1"],
          holders: ["other-0"],
        }]
        : [],
      name,
    );
  }
});

Deno.test("a claim for one pod alone is refused everywhere until its holder leaves", () => {
  const cache = cacheOf({
    claims: [aClaim("a", { volume: "v", modes: ["ReadWriteOncePod"] }), aClaim("b")],
  });
  const volumes = used({ n1: [podWith("a")] });
  const plugin = new VolumeRestrictions(cache, volumes);
  assert.deepEqual(plugin.preFilter(aCycle(podWith("a"))).constraints, [{
    reason:
      "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",
    unresolvable: false,
    names: [],
    holders: ["other-0"],
  }]);
  assert.equal(plugin.preFilter(aCycle(podWith("b"))).verdict.code, "Skip");
  volumes.remove("other-0");
  assert.equal(plugin.preFilter(aCycle(podWith("a"))).verdict.code, "Skip");
  assert.equal(volumes.size, 0);
});
