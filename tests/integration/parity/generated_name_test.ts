/** Generated names that are taken already: another is tried, with all that hangs on the name. */
import assert from "node:assert/strict";
import {
  type JsonObject,
  type Random,
  seededRandom,
  type Status,
} from "../../../components/base/mod.ts";
import type { IPAddress, Service } from "../../../components/api/mod.ts";
import { ParityServer } from "./parity_server.ts";

const SUFFIX_LENGTH = 5;
const TRIES = 8;

/** Random numbers that are all zero for a while. */
class StuckRandom implements Random {
  readonly #random = seededRandom(1);
  stuck = 0;

  next(): number {
    return this.stuck-- > 0 ? 0 : this.#random.next();
  }

  uuid(): string {
    return this.#random.uuid();
  }
}

Deno.test("parity: generated names", async (test) => {
  const random = new StuckRandom();
  await using server = await ParityServer.open({}, { random });
  const create = (resource: string, body: JsonObject) =>
    server.send(
      "POST",
      `/api/v1/namespaces/default/${resource}`,
      { "content-type": "application/json" },
      { metadata: { generateName: "g-" }, ...body },
      undefined,
    );

  await test.step("a taken name gives way, and the address bears the other", async () => {
    const spec = { ports: [{ port: 80 }] };
    random.stuck = SUFFIX_LENGTH;
    const first = await (await create("services", { spec })).json() as Service;
    assert.equal(first.metadata?.name, "g-bbbbb");
    random.stuck = SUFFIX_LENGTH;
    const response = await create("services", { spec });
    assert.equal(response.status, 201);
    const { metadata, spec: made } = await response.json() as Service;
    assert.notEqual(metadata?.name, first.metadata?.name);
    assert.notEqual(made?.clusterIP, first.spec?.clusterIP);
    const addresses = server.server.reader.list<IPAddress>("networking.k8s.io", "ipaddresses");
    const owners = addresses.map((address) => address.spec?.parentRef?.name).sort();
    assert.deepEqual(owners, ["g-bbbbb", "kubernetes", metadata?.name].sort());
  });

  await test.step("after eight of them the client is to try again", async () => {
    random.stuck = SUFFIX_LENGTH;
    assert.equal((await create("configmaps", {})).status, 201);
    random.stuck = SUFFIX_LENGTH * TRIES;
    const response = await create("configmaps", {});
    assert.equal(response.status, 409);
    const { reason, message, details } = await response.json() as Status;
    assert.equal(reason, "AlreadyExists");
    assert.equal(
      message,
      'configmaps "g-bbbbb" already exists, the server was not able to generate a unique name for the object',
    );
    assert.equal(details?.retryAfterSeconds, 1);
    assert.equal(response.headers.get("retry-after"), "1");
  });
});
