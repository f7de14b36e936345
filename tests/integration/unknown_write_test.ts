/** A write of which nobody knows whether it has happened: what was reserved for it stays, until it is known. */
import assert from "node:assert/strict";
import {
  FakeClock,
  MetricRegistry,
  seededRandom,
  silentLogger,
} from "../../components/base/mod.ts";
import { startApiServer } from "../../components/apiserver/mod.ts";
import { openPki } from "../../components/pki/mod.ts";
import { openKvStore, type Store, StoreFailedError } from "../../components/storage/mod.ts";

const ADMIN = { username: "admin", groups: ["system:masters"] };
const SERVICES = "/api/v1/namespaces/default/services";
const START = Date.UTC(2026, 0, 1);

class UnknownError extends StoreFailedError {
  override get unknown(): boolean {
    return true;
  }
}

class LateError extends UnknownError {
  override get timedOut(): boolean {
    return true;
  }
}

/** Carries out writes of services and says that it does not know. */
function unsure(store: Store, problem: () => Error | undefined): Store {
  return new Proxy(store, {
    get(target, member) {
      if (member === "write") {
        return async (write: Parameters<Store["write"]>[0]) => {
          const revision = await target.write(write);
          const error = write.key.startsWith("/registry/services/specs/") ? problem() : undefined;
          if (error !== undefined) throw error;
          return revision;
        };
      }
      const value = Reflect.get(target, member, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

Deno.test("a service of whose write nobody knows keeps its address and its port", async () => {
  const clock = new FakeClock(START);
  const random = seededRandom(1);
  const kv = await openKvStore({ directory: "memory", clock, logger: silentLogger });
  let problem: Error | undefined;
  const server = startApiServer({
    store: unsure(kv, () => problem),
    pki: await openPki(undefined, { clock, random }),
    clock,
    random,
    logger: silentLogger,
    metrics: new MetricRegistry(),
    advertise: { addresses: ["192.0.2.1"], port: 6443 },
    serviceCidrs: ["10.96.0.0/28"],
  });
  const send = async (method: string, path: string, body?: unknown) => {
    const request = new Request(`http://server${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const response = await server.handle(request, { address: "test", user: ADMIN });
    return { code: response.status, body: await response.json() };
  };
  const service = (name: string, spec = {}) => ({
    metadata: { name },
    spec: { type: "NodePort", ports: [{ port: 80, nodePort: 30100 }], ...spec },
  });
  const internal = { type: "ClusterIP", ports: [{ port: 80 }] };
  try {
    await server.ready;
    problem = new UnknownError("connection lost");
    const failed = await send("POST", SERVICES, service("unknown"));
    assert.deepEqual([failed.code, failed.body.reason], [500, "InternalError"]);
    problem = new LateError("no answer");
    const late = await send("POST", SERVICES, service("late", internal));
    assert.deepEqual([late.code, late.body.reason], [504, "Timeout"]);
    problem = undefined;

    const { body } = await send("GET", `${SERVICES}/unknown`);
    const { clusterIP } = body.spec;
    const addresses = await send("GET", "/apis/networking.k8s.io/v1/ipaddresses");
    const names = addresses.body.items.map(({ metadata }: { metadata: { name: string } }) =>
      metadata.name
    );
    assert.ok(names.includes(clusterIP), `${clusterIP} in ${names}`);
    const taken = await send("POST", SERVICES, service("second"));
    assert.equal(taken.code, 422);
    assert.match(taken.body.message, /port is already allocated/);
    const same = await send(
      "POST",
      SERVICES,
      service("third", { ...internal, clusterIP }),
    );
    assert.match(same.body.message, /IP is already allocated/);
  } finally {
    await server.close();
    await kv.close();
  }
});
