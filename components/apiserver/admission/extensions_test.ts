import assert from "node:assert/strict";
import { FakeClock, MetricRegistry, seededRandom, silentLogger } from "../../base/mod.ts";
import { BUILTIN_KINDS } from "../../api/served.ts";
import { FakeObjects } from "../fake_objects.ts";
import type { AdmissionRequest } from "../ports.ts";
import { AdmissionExtensions } from "./extensions.ts";

const GROUP = "admissionregistration.k8s.io";
const definition = BUILTIN_KINDS.find(({ plural }) => plural === "configmaps")!;

function requestOf(asked: string[]): AdmissionRequest {
  // A request that notes what is read of it.
  const request = { operation: "CREATE", definition, subresource: "", object: {} };
  return new Proxy(request as AdmissionRequest, {
    get(target, member) {
      asked.push(String(member));
      return Reflect.get(target, member);
    },
  });
}

Deno.test("AdmissionExtensions do nothing for a request while nothing is configured", () => {
  const objects = new FakeObjects();
  const extensions = new AdmissionExtensions({
    reader: objects,
    authorizer: { authorize: () => assert.fail("nobody asks") },
    definitions: {
      all: () => assert.fail("nobody looks"),
      byKind: () => assert.fail("nobody looks"),
      anyVersion: () => assert.fail("nobody looks"),
    },
    call: () => assert.fail("nobody calls"),
    random: seededRandom(1),
    logger: silentLogger,
    metrics: new MetricRegistry(),
    clock: new FakeClock(),
  });
  const asked: string[] = [];
  const handled = () =>
    Object.values(extensions.plugins).filter((plugin) => plugin.handles(requestOf(asked)));
  // No request passes by webhooks because the server has just begun.
  assert.equal(handled().length, 4);
  asked.length = 0;
  const end = extensions.start();
  assert.deepEqual(handled(), []);
  assert.deepEqual(asked, [], "a request is not even looked at");
  objects.put(GROUP, "mutatingwebhookconfigurations", {
    metadata: { name: "m" },
    webhooks: [{ name: "a.b.c" }],
  } as never);
  assert.deepEqual(handled().map(({ name }) => name), ["MutatingAdmissionWebhook"]);
  objects.remove(GROUP, "mutatingwebhookconfigurations", "", "m");
  // A policy that nothing binds is none.
  objects.put(GROUP, "validatingadmissionpolicies", { metadata: { name: "p" } } as never);
  asked.length = 0;
  assert.deepEqual(handled(), []);
  assert.deepEqual(asked, []);
  end();
});
