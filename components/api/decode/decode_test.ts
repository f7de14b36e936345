import assert from "node:assert/strict";
import { ApiError, type JsonObject } from "../../base/mod.ts";
import { builtinKind } from "../kinds.ts";
import type { StructSchema } from "../schema.ts";
import { decodeObject, type DecodeTarget, type FieldValidation } from "./mod.ts";

function target(kind: string, group = "", version = "v1"): DecodeTarget {
  const found = builtinKind({ group, version, kind });
  assert.ok(found);
  return found;
}

interface Outcome {
  object?: unknown;
  warnings?: string[];
  error?: string;
}

function decode(
  text: string,
  into: DecodeTarget = target("Pod"),
  fieldValidation: FieldValidation = "Warn",
  contentType: string | null = "application/json",
): Outcome {
  try {
    return decodeObject(new TextEncoder().encode(text), contentType, into, { fieldValidation });
  } catch (error) {
    assert.ok(error instanceof ApiError, String(error));
    return { error: `${error.code} ${error.message}` };
  }
}

const pod = (rest: JsonObject) => JSON.stringify({ apiVersion: "v1", kind: "Pod", ...rest });
const UNFIT = '400 Pod in version "v1" cannot be handled as a Pod: ';

Deno.test("decodeObject() keeps what the schema knows, in its one form", () => {
  const { object, warnings } = decode(pod({
    metadata: {
      name: "a",
      creationTimestamp: null,
      deletionTimestamp: "2026-01-02T03:04:05.678+01:00",
    },
    spec: {
      containers: [{
        name: "c",
        resources: { limits: { cpu: "1000m", memory: 1024, "example.com/x": "1500u" } },
        livenessProbe: { httpGet: { port: "http" }, tcpSocket: { port: 80 } },
        args: [null],
      }],
      volumes: null,
    },
  }));
  assert.deepEqual(warnings, []);
  assert.deepEqual(object, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a", deletionTimestamp: "2026-01-02T02:04:05Z" },
    spec: {
      containers: [{
        name: "c",
        resources: { limits: { cpu: "1", memory: "1024", "example.com/x": "2m" } },
        livenessProbe: { httpGet: { port: "http" }, tcpSocket: { port: 80 } },
        args: [""],
      }],
    },
  });
});

Deno.test("decodeObject() drops the zeros that Go would not write, and keeps those that are values", () => {
  const { object, warnings } = decode(pod({
    metadata: { labels: {}, generateName: "" },
    spec: {
      hostNetwork: false,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      nodeName: "",
      tolerations: [],
      containers: [],
      volumes: [{ name: "", emptyDir: {} }],
    },
  }));
  assert.deepEqual(warnings, []);
  assert.deepEqual(object, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {},
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      containers: [],
      volumes: [{ name: "", emptyDir: {} }],
    },
  });
});

Deno.test("decodeObject() drops unknown members and names them as fieldValidation asks", () => {
  const text = pod({ spec: { x: { y: 1 }, containers: [{ name: "a", z: 1 }] }, q: [] });
  const kept = {
    apiVersion: "v1",
    kind: "Pod",
    spec: { containers: [{ name: "a" }] },
  };
  assert.deepEqual(decode(text, target("Pod"), "Ignore"), { object: kept, warnings: [] });
  assert.deepEqual(decode(text), {
    object: kept,
    warnings: [
      'unknown field "spec.x"',
      'unknown field "spec.containers[0].z"',
      'unknown field "q"',
    ],
  });
  assert.equal(
    decode(text, target("Pod"), "Strict").error,
    `${UNFIT}strict decoding error: unknown field "spec.x", ` +
      'unknown field "spec.containers[0].z", unknown field "q"',
  );
});

Deno.test("decodeObject() finds repeated members", () => {
  const text = '{"kind":"Pod","metadata":{"name":"a","labels":{"l":"1","l":"2"},"name":"b\\""},' +
    '"spec":{"containers":[{"name":"c","image":"i","image":"j"}]}}';
  const { object, warnings } = decode(text);
  assert.deepEqual((object as { metadata: unknown }).metadata, {
    name: 'b"',
    labels: { l: "2" },
  });
  assert.deepEqual(warnings, [
    'duplicate field "metadata.labels.l"',
    'duplicate field "metadata.name"',
    'duplicate field "spec.containers[0].image"',
  ]);
  assert.deepEqual(decode(text, target("Pod"), "Ignore").warnings, []);
  assert.deepEqual(
    decode('{"kind":"ControllerRevision","data":{"a":{"b":[{"c":1}]}},"revision":1}', {
      ...target("ControllerRevision", "apps"),
    }).warnings,
    [],
  );
});

Deno.test("decodeObject() refuses wrong types in Go's words", () => {
  const cases: [JsonObject, string][] = [
    [
      { spec: { containers: [{ ports: [{ containerPort: "80" }] }] } },
      "json: cannot unmarshal string into Go struct field " +
      "ContainerPort.spec.containers.ports.containerPort of type int32",
    ],
    [
      { spec: { containers: {} } },
      "json: cannot unmarshal object into Go struct field " +
      "PodSpec.spec.containers of type []v1.Container",
    ],
    [
      { metadata: { labels: { a: 1 } } },
      "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string",
    ],
    [
      { spec: { terminationGracePeriodSeconds: 1.5 } },
      "json: cannot unmarshal number 1.5 into Go struct field " +
      "PodSpec.spec.terminationGracePeriodSeconds of type int64",
    ],
    [
      { spec: "x" },
      "json: cannot unmarshal string into Go struct field Pod.spec of type v1.PodSpec",
    ],
    [
      { spec: { hostNetwork: "yes" } },
      "json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool",
    ],
    [
      { spec: { overhead: { cpu: "1 core" } } },
      "quantities must match the regular expression " +
      "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
    [
      { metadata: { deletionTimestamp: "now" } },
      'parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"',
    ],
    [
      { spec: { containers: [{ livenessProbe: { httpGet: { port: {} } } }] } },
      "json: cannot unmarshal object into Go value of type int32",
    ],
  ];
  for (const [rest, message] of cases) {
    assert.equal(decode(pod(rest)).error, UNFIT + message);
  }
  assert.equal(
    decode('{"data":{"a":"not base64"}}', target("Secret")).error,
    '400 Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 3',
  );
});

Deno.test("decodeObject() refuses bodies that are no object of the kind", () => {
  const cases: [string, string][] = [
    ["", "unexpected end of JSON input (<empty>)"],
    ["{", "unexpected end of JSON input ({)"],
    ['{"a" 1}', `invalid character '1' after object key ({"a" 1})`],
    ['{"a":tru}', `invalid character '}' in literal true (expecting 'e') ({"a":tru})`],
    ["{a}", "invalid character 'a' looking for beginning of object key string ({a})"],
  ];
  for (const [text, reason] of cases) {
    assert.equal(
      decode(text).error,
      "400 the object provided is unrecognized (must be of type Pod): couldn't get version/kind; " +
        `json parse error: ${reason}`,
    );
  }
  assert.match(decode("[]").error ?? "", /unrecognized.*cannot unmarshal array.*\(5b5d\)$/);
  assert.equal(
    decode('{"apiVersion":"v2","kind":"Pod"}').error,
    '400 Pod in version "v2" cannot be handled as a Pod: no kind "Pod" is registered for version ' +
      '"v2" in scheme "pkg/api/legacyscheme/scheme.go:30"',
  );
  assert.equal(
    decode('{"apiVersion":"v1","kind":"Service"}').error,
    '400 Service in version "v1" cannot be handled as a Pod: converting (v1.Service) to (v1.Pod): ' +
      "unknown conversion",
  );
  assert.equal(
    decode('{"apiVersion":"apps/v1","kind":"Deployment"}').error,
    "400 the API version in the data (apps/v1) does not match the expected API version (v1)",
  );
  assert.match(decode("{}", target("Pod"), "Warn", "text/plain").error ?? "", /^415 /);
});

Deno.test("decodeObject() fills in a missing apiVersion and kind", () => {
  assert.deepEqual(decode("{}", target("Deployment", "apps")).object, {
    apiVersion: "apps/v1",
    kind: "Deployment",
  });
});

Deno.test("decodeObject() reads YAML", () => {
  const text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels: {on: 'x'}\n" +
    "data:\n  a: |\n    b\n  date: '2020-01-01'\nimmutable: yes\n";
  assert.deepEqual(decode(text, target("ConfigMap"), "Strict", "application/yaml"), {
    object: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "a", labels: { true: "x" } },
      data: { a: "b\n", date: "2020-01-01" },
      immutable: true,
    },
    warnings: [],
  });
  assert.match(
    decode("kind: Pod\nkind: Pod\n", target("Pod"), "Strict", "application/yaml").error ?? "",
    /strict decoding error: line 2: key "kind" already set in map/,
  );
  assert.match(
    decode("a: b: c", target("Pod"), "Warn", "application/yaml").error ?? "",
    /error converting YAML to JSON: yaml: line 1/,
  );
  const bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n" +
    "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n";
  assert.match(decode(bomb, target("Pod"), "Warn", "application/yaml").error ?? "", /^400 /);
});

Deno.test("decodeObject() reads JSON under YAML's name, and flow YAML that only looks like JSON", () => {
  const read = (text: string) => decode(text, target("ConfigMap"), "Warn", "application/yaml");
  const object = { apiVersion: "v1", kind: "ConfigMap", data: { a: "b" } };
  assert.deepEqual(read(' {"data":{"a":"b"}}').object, object);
  assert.deepEqual(read("{data: {a: b}}").object, object);
  assert.deepEqual(read('{"data":{"a":"x","a":"b"}}').warnings, ['duplicate field "data.a"']);
});

Deno.test("decodeObject() leaves a custom resource's wrong types to its own schema", () => {
  const schema: StructSchema = {
    type: "struct",
    name: "com.example.v1.Foo",
    fields: {
      apiVersion: { schema: { type: "string" } },
      kind: { schema: { type: "string" } },
      metadata: { schema: target("Pod").schema.fields["metadata"]?.schema ?? { type: "any" } },
      spec: {
        schema: {
          type: "struct",
          name: "com.example.v1.Foo.spec",
          fields: { size: { schema: { type: "int64" } }, note: { schema: { type: "string" } } },
        },
      },
    },
  };
  const foo = { group: "example.com", version: "v1", kind: "Foo", schema };
  const body = (rest: JsonObject) =>
    JSON.stringify({ apiVersion: "example.com/v1", kind: "Foo", ...rest });
  assert.deepEqual(decode(body({ spec: { size: "big", note: null, constructor: 1 } }), foo), {
    object: {
      apiVersion: "example.com/v1",
      kind: "Foo",
      spec: { size: "big", note: null },
    },
    warnings: ['unknown field "spec.constructor"'],
  });
  assert.match(decode(body({ metadata: { labels: 5 } }), foo).error ?? "", /^400 Foo in version/);
  assert.match(decode('{"apiVersion":"example.com/v1"}', foo).error ?? "", /'Kind' is missing/);
});

Deno.test("decodeObject() survives hostile nesting and names", () => {
  const deep = `{"kind":"ControllerRevision","data":${'{"a":['.repeat(50_000)}${
    "]}".repeat(50_000)
  }}`;
  assert.match(
    decode(deep, target("ControllerRevision", "apps")).error ?? "",
    /exceeded max depth$/,
  );
  const { object } = decode(
    '{"metadata":{"labels":{"__proto__":"x"},"__proto__":{"name":"evil"}},"__proto__":{"spec":{}}}',
  );
  assert.equal((object as { spec?: unknown }).spec, undefined);
  assert.equal((object as { metadata: { name?: string } }).metadata.name, undefined);
});
