/** Many writers at once: each change happens once, none is lost, and no name is given twice. */
import assert from "node:assert/strict";
import type { ConfigMap, Deployment } from "../../../components/api/mod.ts";
import { ParityServer } from "./parity_server.ts";

const WRITERS = 60;
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const JSON_BODY = { "content-type": "application/json" };
const MERGE_PATCH = { "content-type": "application/merge-patch+json" };

const all = (write: (writer: number) => Promise<Response>): Promise<Response[]> =>
  Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
const codes = (responses: readonly Response[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { status } of responses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

Deno.test("parity: contention", async (test) => {
  await using server = await ParityServer.open();
  const send = (
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: Parameters<ParityServer["send"]>[3],
  ) => server.send(method, path, headers, body, undefined);

  await test.step("patches without a revision all happen", async () => {
    await send("POST", CONFIG_MAPS, JSON_BODY, { metadata: { name: "a" }, data: {} });
    const responses = await all((writer) =>
      send("PATCH", `${CONFIG_MAPS}/a`, MERGE_PATCH, { data: { [`k${writer}`]: "v" } })
    );
    assert.deepEqual(codes(responses), { 200: WRITERS });
    const { data } = await (await send("GET", `${CONFIG_MAPS}/a`, {})).json() as ConfigMap;
    assert.equal(Object.keys(data ?? {}).length, WRITERS);
  });

  await test.step("of those that name a revision one happens", async () => {
    const { metadata } = await (await send("GET", `${CONFIG_MAPS}/a`, {})).json() as ConfigMap;
    const responses = await all((writer) =>
      send("PATCH", `${CONFIG_MAPS}/a`, MERGE_PATCH, {
        metadata: { resourceVersion: metadata?.resourceVersion ?? "" },
        data: { winner: String(writer) },
      })
    );
    assert.deepEqual(codes(responses), { 200: 1, 409: WRITERS - 1 });
  });

  await test.step("one creates, the others are told that it is there", async () => {
    const responses = await all(() =>
      send("POST", CONFIG_MAPS, JSON_BODY, { metadata: { name: "b" } })
    );
    assert.deepEqual(codes(responses), { 201: 1, 409: WRITERS - 1 });
  });

  await test.step("generated names differ", async () => {
    const responses = await all(() =>
      send("POST", CONFIG_MAPS, JSON_BODY, { metadata: { generateName: "g-" } })
    );
    assert.deepEqual(codes(responses), { 201: WRITERS });
    const names = await Promise.all(
      responses.map(async (response) => (await response.json() as ConfigMap).metadata?.name),
    );
    assert.equal(new Set(names).size, WRITERS);
  });

  await test.step("one deletes, the others are told that it is gone", async () => {
    const responses = await all(() => send("DELETE", `${CONFIG_MAPS}/b`, {}));
    assert.deepEqual(codes(responses), { 200: 1, 404: WRITERS - 1 });
  });

  await test.step("each scale is a generation", async () => {
    const path = "/apis/apps/v1/namespaces/default/deployments";
    await send("POST", path, JSON_BODY, {
      metadata: { name: "d" },
      spec: {
        selector: { matchLabels: { a: "b" } },
        template: {
          metadata: { labels: { a: "b" } },
          spec: { containers: [{ name: "c", image: "nginx" }] },
        },
      },
    });
    const responses = await all((writer) =>
      send("PATCH", `${path}/d/scale`, MERGE_PATCH, { spec: { replicas: writer + 2 } })
    );
    assert.deepEqual(codes(responses), { 200: WRITERS });
    const { metadata } = await (await send("GET", `${path}/d`, {})).json() as Deployment;
    assert.equal(metadata?.generation, WRITERS + 1);
  });
});
