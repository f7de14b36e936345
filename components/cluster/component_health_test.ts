import assert from "node:assert/strict";
import { FakeClock } from "../base/mod.ts";
import { HEALTHY, localComponents, ownComponents } from "./component_health.ts";

Deno.test("components of the API server's own process tell what is wrong with them", async () => {
  let problem: string | undefined = "the worker failed";
  const checks = ownComponents(() => problem);
  assert.deepEqual([...checks.keys()], ["scheduler", "controller-manager"]);
  const ask = () => checks.get("scheduler")?.();
  assert.deepEqual(await ask(), { isHealthy: false, message: "the worker failed", error: "" });
  problem = undefined;
  assert.deepEqual(await ask(), HEALTHY);
});

Deno.test("others are asked at their ports, and who is not there is told as upstream does", async () => {
  const found = await localComponents(new FakeClock()).get("controller-manager")?.();
  assert.ok(found !== undefined);
  // Whoever has that port on this machine, if anybody, is no controller manager of ours.
  assert.match(
    found.message,
    /^ok|^unhealthy http status code: \d+$|^Get "https:\/\/127\.0\.0\.1:10257\/healthz": /,
  );
  assert.equal(found.error, "");
});
