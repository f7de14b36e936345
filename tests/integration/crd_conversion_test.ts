/** Custom resources of several versions that a webhook converts into each other. */
import assert from "node:assert/strict";
import { isJsonObject, type JsonObject, type JsonValue } from "../../components/base/mod.ts";
import { FakeWebhook } from "../../components/apiserver/webhook/fake_webhook.ts";
import { Administrator } from "./administrator.ts";
import { DEFINITIONS, thing, version } from "./parity/crd_definitions.ts";
import { ParityServer } from "./parity/parity_server.ts";

const FIRST = "/apis/a.test/v1/namespaces/default/things";
const SECOND = "/apis/a.test/v2/namespaces/default/things";
const V1 = version("v1", { color: { type: "string" } });
const V2 = version("v2", {
  paint: { type: "object", properties: { name: { type: "string", default: "grey" } } },
}, { storage: false, selectableFields: [{ jsonPath: ".spec.paint.name" }] });

/** What the webhook of these tests answers next in the place of its objects. */
interface Mood {
  answer?: (request: JsonObject) => JsonValue;
}

/** Converts between `spec.color` of v1 and `spec.paint.name` of v2, and signs what it did. */
function converted(object: JsonValue, desired: string): JsonObject {
  assert.ok(isJsonObject(object));
  const { spec = {}, metadata = {}, ...rest } = object as Record<string, JsonObject>;
  const paint = spec["paint"] as JsonObject | undefined;
  const color = spec["color"] ?? paint?.["name"] ?? "none";
  return {
    spec: desired === "a.test/v2" ? { paint: { name: color } } : { color, extra: "is pruned" },
    metadata: {
      ...metadata,
      annotations: { ...metadata["annotations"] as JsonObject, by: desired },
      generation: 1000,
    },
    ...rest,
    apiVersion: desired,
  };
}

async function open(mood: Mood) {
  const webhook = await FakeWebhook.open(({ body }) => {
    const request = (body as { request: JsonObject }).request;
    const { uid = "", desiredAPIVersion, objects } = request;
    return {
      json: mood.answer?.(request) ?? {
        apiVersion: "apiextensions.k8s.io/v1",
        kind: "ConversionReview",
        response: {
          uid,
          result: { status: "Success" },
          convertedObjects: (objects as JsonValue[]).map((each) =>
            converted(each, String(desiredAPIVersion))
          ),
        },
      },
    };
  });
  const server = await ParityServer.open();
  const admin = new Administrator(server.server);
  await admin.json("POST", "/api/v1/namespaces", { metadata: { name: "default" } });
  const definition = thing("a.test", {}, {
    versions: [V1, V2],
    conversion: {
      strategy: "Webhook",
      webhook: {
        conversionReviewVersions: ["v1"],
        clientConfig: { url: webhook.url("/convert"), caBundle: webhook.caBundle },
      },
    },
  });
  const made = await admin.json("POST", DEFINITIONS, definition);
  assert.equal(made.code, 201, JSON.stringify(made.body));
  await admin.until(FIRST);
  return {
    webhook,
    admin,
    definition,
    async [Symbol.asyncDispose]() {
      await server.close();
      await webhook[Symbol.asyncDispose]();
    },
  };
}

const merge = (admin: Administrator, path: string, body: unknown) =>
  admin.json("PATCH", path, body, "application/merge-patch+json");

/** The events of a watch, as they come. */
async function* events(response: Response): AsyncGenerator<Record<string, JsonObject>> {
  assert.equal(response.status, 200);
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end; (end = text.indexOf("\n")) >= 0; text = text.slice(end + 1)) {
      yield JSON.parse(text.slice(0, end));
    }
  }
}

const paint = (body: JsonObject) => body["spec"] as JsonObject;
const first = (name: string, color: string) => ({
  apiVersion: "a.test/v1",
  kind: "Thing",
  metadata: { name, annotations: { own: "yes" } },
  spec: { color },
});
const second = (name: string, color: string) => ({
  apiVersion: "a.test/v2",
  kind: "Thing",
  metadata: { name },
  spec: { paint: { name: color } },
});

Deno.test("objects are read and written in every version", async () => {
  await using test = await open({});
  const { admin, webhook } = test;

  const made = await admin.json("POST", FIRST, first("a", "red"));
  assert.deepEqual([made.code, made.body["spec"]], [201, { color: "red" }]);
  assert.equal(webhook.calls.length, 0, "the stored version needs no conversion");

  const read = await admin.json("GET", `${SECOND}/a`);
  assert.deepEqual(
    [read.code, read.body["apiVersion"], read.body["spec"]],
    [200, "a.test/v2", { paint: { name: "red" } }],
  );
  const { annotations, generation, resourceVersion } = read.body["metadata"]!;
  assert.deepEqual([annotations, generation], [{ own: "yes", by: "a.test/v2" }, 1]);
  assert.equal(resourceVersion, made.body["metadata"]!["resourceVersion"]);

  const other = await admin.json("POST", SECOND, second("b", "blue"));
  assert.deepEqual(
    [other.code, other.body["apiVersion"], other.body["spec"]],
    [201, "a.test/v2", { paint: { name: "blue" } }],
  );
  const stored = await admin.json("GET", `${FIRST}/b`);
  assert.deepEqual(stored.body["spec"], { color: "blue" });

  const before = webhook.calls.length;
  const list = await admin.json("GET", SECOND);
  const items = list.body["items"] as unknown as JsonObject[];
  assert.deepEqual(items.map(paint), [{ paint: { name: "red" } }, { paint: { name: "blue" } }]);
  assert.ok(webhook.calls.length <= before + 1, "what is missing is asked for at once");
  await admin.json("GET", SECOND);
  assert.ok(webhook.calls.length <= before + 1, "what has been asked for is kept");

  const found = await admin.json("GET", `${SECOND}?fieldSelector=spec.paint.name%3Dblue`);
  const names = (found.body["items"] as unknown as { metadata: JsonObject }[])
    .map(({ metadata }) => metadata["name"]);
  assert.deepEqual(names, ["b"]);

  const patched = await admin.json(
    "PATCH",
    `${SECOND}/a`,
    { spec: { paint: { name: "pink" } } },
    "application/merge-patch+json",
  );
  assert.deepEqual([patched.code, patched.body["spec"]], [200, { paint: { name: "pink" } }]);
  assert.equal(patched.body["metadata"]!["generation"], 2);
  const again = await admin.json("GET", `${FIRST}/a`);
  assert.deepEqual(again.body["spec"], { color: "pink" });

  const applied = await admin.json(
    "PATCH",
    `${SECOND}/a?fieldManager=me&force=true`,
    second("a", "gold"),
    "application/apply-patch+yaml",
  );
  assert.deepEqual([applied.code, applied.body["spec"]], [200, { paint: { name: "gold" } }]);

  const table = await admin.json(
    "GET",
    `${SECOND}/a`,
    undefined,
    undefined,
    "application/json;as=Table;v=v1;g=meta.k8s.io",
  );
  const [row] = table.body["rows"] as unknown as { cells: JsonValue[] }[];
  assert.equal(row?.cells[0], "a");

  const partial = await admin.json(
    "GET",
    `${SECOND}/a`,
    undefined,
    undefined,
    "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
  );
  assert.equal((partial.body["metadata"]!["annotations"] as JsonObject)["by"], "a.test/v2");

  const gone = await admin.json("DELETE", `${SECOND}/a`);
  assert.equal(gone.code, 200);
  const rest = await admin.json("DELETE", SECOND);
  assert.deepEqual(
    [rest.code, (rest.body["items"] as unknown as JsonObject[]).map(paint)],
    [200, [{ paint: { name: "blue" } }]],
  );
});

Deno.test("a watch shows the version that it watches, in order", async () => {
  await using test = await open({});
  const { admin } = test;
  await admin.json("POST", FIRST, first("a", "red"));
  const stream = events(
    await admin.send("GET", `${SECOND}?watch=true&fieldSelector=spec.paint.name%3Dred`),
  );
  const seen: unknown[] = [];
  const next = async () => {
    const { value } = await stream.next();
    const event = value as Record<string, JsonObject>;
    const object = event["object"]!;
    seen.push([event["type"], object["apiVersion"], object["spec"]]);
  };
  await next();
  await merge(admin, `${SECOND}/a`, { spec: { paint: { name: "blue" } } });
  await next();
  await merge(admin, `${FIRST}/a`, { spec: { color: "red" } });
  await next();
  await admin.json("DELETE", `${FIRST}/a`);
  await next();
  await stream.return(undefined);
  const red = { paint: { name: "red" } };
  assert.deepEqual(seen, [
    ["ADDED", "a.test/v2", red],
    ["DELETED", "a.test/v2", red],
    ["ADDED", "a.test/v2", red],
    ["DELETED", "a.test/v2", red],
  ]);
});

Deno.test("what was stored in the version of before stays readable", async () => {
  await using test = await open({});
  const { admin, definition, webhook } = test;
  await admin.json("POST", FIRST, first("a", "red"));
  const changed = await admin.json("PATCH", `${DEFINITIONS}/things.a.test`, {
    spec: {
      ...definition["spec"] as JsonObject,
      versions: [{ ...V1, storage: false }, { ...V2, storage: true }],
    },
  }, "application/merge-patch+json");
  assert.deepEqual([changed.code, changed.body["status"]!["storedVersions"]], [200, ["v1", "v2"]]);
  for (let tries = 0; tries < 200; tries++) await Promise.resolve();
  const old = webhook.calls.length;
  const same = await admin.json("GET", `${FIRST}/a`);
  assert.deepEqual(same.body["spec"], { color: "red" });
  assert.equal(webhook.calls.length, old, "it lies there as it is asked for");
  const read = await admin.json("GET", `${SECOND}/a`);
  assert.deepEqual(read.body["spec"], { paint: { name: "red" } });
  const written = await merge(admin, `${FIRST}/a`, { spec: { color: "green" } });
  assert.deepEqual([written.code, written.body["spec"]], [200, { color: "green" }]);
  const now = await admin.json("GET", `${SECOND}/a`);
  assert.deepEqual(now.body["spec"], { paint: { name: "green" } });
});

Deno.test("a webhook that fails is told, and nothing is shown or written", async () => {
  const mood: Mood = {};
  await using test = await open(mood);
  const { admin } = test;
  await admin.json("POST", FIRST, first("a", "red"));
  const review = (response: JsonObject) => ({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "ConversionReview",
    response,
  });
  const success = (uid: JsonValue, ...convertedObjects: JsonValue[]) =>
    review({ uid, result: { status: "Success" }, convertedObjects });
  const renamed = (object: JsonObject, more: JsonObject) => ({
    ...object,
    metadata: { ...object["metadata"] as JsonObject, ...more },
  });
  const one = ({ objects }: JsonObject) =>
    converted((objects as JsonValue[])[0]!, "a.test/v2") as JsonObject;
  const cases: readonly (readonly [(request: JsonObject) => JsonValue, string])[] = [
    [
      () => ({}),
      "failed: expected webhook response of apiextensions.k8s.io/v1, " +
      "Kind=ConversionReview, got /, Kind=",
    ],
    [
      () => ({ apiVersion: "apiextensions.k8s.io/v1", kind: "ConversionReview" }),
      "failed: no response provided",
    ],
    [
      ({ uid = "" }) => review({ uid, result: { status: "Failure", message: "no paint" } }),
      "failed: no paint",
    ],
    [
      ({ uid = "" }) => review({ uid, result: { status: "Failure" } }),
      "failed: response.result.status was 'Failure', not 'Success'",
    ],
    [({ uid = "" }) => success(uid), "returned 0 objects, expected 1"],
    [
      (request) => success(request["uid"]!, { ...one(request), apiVersion: "a.test/v3" }),
      "returned invalid converted object at index 0: invalid groupVersion " +
      "(expected a.test/v2, received a.test/v3)",
    ],
    [
      (request) => success(request["uid"]!, { ...one(request), kind: "Other" }),
      "returned invalid converted object at index 0: invalid kind (expected Thing, received Other)",
    ],
    [
      (request) => success(request["uid"]!, renamed(one(request), { name: "b" })),
      "returned invalid converted object at index 0: must have the same name: a != b",
    ],
    [
      (request) => success(request["uid"]!, renamed(one(request), { labels: { a: "b c" } })),
      'returned invalid metadata in object at index 0: metadata.labels: Invalid value: "b c": ' +
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or " +
      "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or " +
      "'my_value',  or '12345', regex used for validation is " +
      "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
  ];
  for (const [answer, message] of cases) {
    mood.answer = answer;
    const { code, body } = await admin.json("GET", `${SECOND}/a`);
    assert.deepEqual([code, body["message"], body["reason"]], [
      500,
      `conversion webhook for a.test/v1, Kind=Thing ${message}`,
      undefined,
    ]);
  }
  const list = await admin.json("GET", SECOND);
  assert.equal(list.code, 500);
  const write = await admin.json("POST", SECOND, second("b", "blue"));
  assert.equal(write.code, 500);
  const stream = events(await admin.send("GET", `${SECOND}?watch=true`));
  const { value } = await stream.next();
  assert.equal((value as JsonObject)["type"], "ERROR");
  assert.equal((await stream.next()).done, true);
  delete mood.answer;
  assert.equal((await admin.json("GET", `${SECOND}/a`)).code, 200);
  assert.equal((await admin.json("GET", `${FIRST}/b`)).code, 404);
});
