import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { ApiError, notFound, tooManyRequests } from "../../base/mod.ts";
import { isPretty, writeBody, writeError } from "./body.ts";
import { GZIP_MINIMUM_BYTES } from "./gzip.ts";
import { negotiate, type NegotiationOptions, PLAIN } from "./negotiate.ts";

const EVERYTHING = { table: true, metadata: true, protobuf: true };
const NO_PROTOBUF = { table: true, metadata: true, protobuf: false };
const PLAIN_ONLY = { table: false, metadata: false };
const STREAM = { ...EVERYTHING, stream: true };
const META = "g=meta.k8s.io;v=v1";

Deno.test("negotiate() chooses by the Accept header", () => {
  const cases: [string | null, NegotiationOptions, string][] = [
    [null, EVERYTHING, "object application/json"],
    ["", EVERYTHING, "object application/json"],
    ["*/*", EVERYTHING, "object application/json"],
    ["application/*", EVERYTHING, "object application/json"],
    ["application/yaml", EVERYTHING, "object application/yaml"],
    ["text/html, application/json;q=0.5", EVERYTHING, "object application/json"],
    ["application/json;q=0.1,application/yaml", EVERYTHING, "object application/yaml"],
    [
      "application/vnd.kubernetes.protobuf",
      EVERYTHING,
      "object application/vnd.kubernetes.protobuf",
    ],
    [
      "application/vnd.kubernetes.protobuf,application/json",
      EVERYTHING,
      "object application/vnd.kubernetes.protobuf",
    ],
    ["application/json,application/vnd.kubernetes.protobuf", EVERYTHING, "object application/json"],
    [
      "application/vnd.kubernetes.protobuf;q=0.5,application/json",
      EVERYTHING,
      "object application/json",
    ],
    ["application/vnd.kubernetes.protobuf, */*", NO_PROTOBUF, "object application/json"],
    ["application/vnd.kubernetes.protobuf", NO_PROTOBUF, "406"],
    ["text/plain", EVERYTHING, "406"],
    [
      `application/json;as=Table;${META},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`,
      EVERYTHING,
      "table application/json",
    ],
    [`application/json;as=Table;${META},application/json`, PLAIN_ONLY, "object application/json"],
    [`application/json;as=Table;${META}`, PLAIN_ONLY, "406"],
    [`application/json;as=Table;g=other;v=v1`, EVERYTHING, "406"],
    [
      `application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;${META},application/json;as=PartialObjectMetadataList;${META},application/json`,
      EVERYTHING,
      "metadata application/vnd.kubernetes.protobuf",
    ],
    [
      `application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;${META},application/json`,
      EVERYTHING,
      "metadata application/vnd.kubernetes.protobuf",
    ],
    ["application/json;stream=watch", STREAM, "object application/json"],
    ["application/json;stream=watch", EVERYTHING, "406"],
    ["application/yaml", STREAM, "406"],
  ];
  for (const [accept, options, expected] of cases) {
    let found: string;
    try {
      const { form, mediaType } = negotiate(accept, options);
      found = `${form} ${mediaType}`;
    } catch (error) {
      assert.ok(error instanceof ApiError);
      found = String(error.code);
    }
    assert.equal(found, expected, String(accept));
  }
});

Deno.test("isPretty() is the query's word, or a person's client", () => {
  const cases: [string, Record<string, string>, boolean][] = [
    ["http://x/", {}, false],
    ["http://x/?pretty=true", {}, true],
    ["http://x/?pretty=false", { "user-agent": "curl/8" }, false],
    ["http://x/", { "user-agent": "curl/8" }, true],
    ["http://x/", { "user-agent": "kubectl/v1.36" }, false],
  ];
  for (const [url, headers, expected] of cases) {
    assert.equal(isPretty(new Request(url, { headers })), expected, url);
  }
});

Deno.test("writeBody() compresses what is large, for who takes that", async () => {
  const large = { text: "x".repeat(GZIP_MINIMUM_BYTES) };
  const ask = (encoding: string) =>
    new Request("http://x/", { headers: { "accept-encoding": encoding } });
  const packed = await writeBody(large, PLAIN, ask("br, gzip"));
  assert.equal(packed.headers.get("content-encoding"), "gzip");
  const text = new TextDecoder().decode(gunzipSync(new Uint8Array(await packed.arrayBuffer())));
  assert.deepEqual(JSON.parse(text), large);
  for (const [value, encoding] of [[large, "gzip;q=0"], [{ text: "x" }, "gzip"]] as const) {
    const plain = await writeBody(value, PLAIN, ask(encoding));
    assert.equal(plain.headers.get("content-encoding"), null);
    assert.deepEqual(await plain.json(), value);
  }
});

Deno.test("writeError() answers a Status, whatever the client takes", async () => {
  const error = notFound({ group: "apps", resource: "deployments" }, "x");
  for (const accept of ["application/json", "text/plain"]) {
    const response = await writeError(error, new Request("http://x/", { headers: { accept } }));
    assert.equal(response.status, 404);
    assert.deepEqual(await response.json(), {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: 'deployments.apps "x" not found',
      reason: "NotFound",
      details: { name: "x", group: "apps", kind: "deployments" },
      code: 404,
    });
  }
  const busy = await writeError(tooManyRequests("busy", 2), new Request("http://x/"));
  assert.equal(busy.headers.get("retry-after"), "2");
  const headers = { accept: "application/vnd.kubernetes.protobuf" };
  const binary = await writeError(error, new Request("http://x/", { headers }));
  assert.equal(binary.headers.get("content-type"), "application/vnd.kubernetes.protobuf");
  assert.equal(new Uint8Array(await binary.arrayBuffer())[0], 0x6b);
});
