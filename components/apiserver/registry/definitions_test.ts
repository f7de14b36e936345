import assert from "node:assert/strict";
import { BUILTIN_KINDS, type ResourceDefinition } from "../../api/served.ts";
import { Definitions } from "./definitions.ts";

const PODS = BUILTIN_KINDS.find(({ plural }) => plural === "pods")!;
const version = (name: string, version: string): ResourceDefinition => ({
  ...PODS,
  group: "example.com",
  plural: name,
  kind: name,
  version,
});

Deno.test("Definitions gives the first version that is still served", () => {
  const [v1, v2] = [version("webs", "v1"), version("webs", "v2")];
  const definitions = new Definitions([v1, v2]);
  const first = () => definitions.anyVersion("example.com", "webs");
  assert.equal(first(), v1);
  const again = version("webs", "v1");
  definitions.add(again);
  assert.equal(first(), again, "a version that changes keeps its place");
  definitions.remove(again);
  assert.equal(first(), v2);
  definitions.remove(v2);
  assert.equal(first(), undefined);
  assert.equal(definitions.serves("example.com", "v2"), false);
});
