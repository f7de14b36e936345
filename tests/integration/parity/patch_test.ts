/** The patch types: what each makes of an object. */
import { type Cases, testCases } from "./parity_case.ts";

const CONFIG = {
  send: "POST configmaps",
  body: {
    metadata: { name: "a", labels: { x: "1", y: "2" }, finalizers: ["example.com/f"] },
    data: { k: "v", l: "w" },
  },
  code: 201,
  keep: { rv: "metadata.resourceVersion" },
};
const POD = {
  send: "POST pods",
  body: {
    metadata: { name: "p" },
    spec: {
      containers: [
        { name: "one", image: "one:1", ports: [{ containerPort: 80 }] },
        { name: "two", image: "two:1" },
      ],
    },
  },
  code: 201,
};
const DEPLOYMENTS = "/apis/apps/v1/namespaces/$ns/deployments";
const DEPLOYMENT = {
  send: `POST ${DEPLOYMENTS}`,
  body: {
    metadata: { name: "d" },
    spec: {
      selector: { matchLabels: { a: "b" } },
      template: {
        metadata: { labels: { a: "b" } },
        spec: {
          containers: [
            {
              name: "one",
              image: "one:1",
              env: [{ name: "A", value: "1" }, { name: "B", value: "2" }],
            },
            { name: "two", image: "two:1" },
          ],
          volumes: [{ name: "v", emptyDir: {} }],
        },
      },
    },
  },
  code: 201,
};
const template = (spec: Record<string, unknown>) => ({ spec: { template: { spec } } }) as never;

const PATCH: Cases = {
  "merge: sets, removes with null, and replaces lists": [CONFIG, {
    send: "PATCH configmaps/a",
    type: "merge",
    body: { metadata: { labels: { x: null, z: "3" }, finalizers: [] }, data: { k: "new" } },
    code: 200,
    has: { metadata: { labels: { y: "2", z: "3" } }, data: { k: "new", l: "w" } },
    lacks: ["metadata.labels.x", "metadata.finalizers"],
  }],
  "merge: with an old revision": [CONFIG, {
    send: "PATCH configmaps/a",
    type: "merge",
    body: { data: { k: "new" } },
    code: 200,
  }, {
    send: "PATCH configmaps/a",
    type: "merge",
    body: { metadata: { resourceVersion: "$rv" }, data: { k: "newer" } },
    code: 409,
    reason: "Conflict",
  }],
  "merge: that changes nothing": [CONFIG, {
    send: "PATCH configmaps/a",
    type: "merge",
    body: { data: { k: "v" } },
    code: 200,
    has: { metadata: { resourceVersion: "$rv" } },
  }],
  "of what is not there": [{
    send: "PATCH configmaps/a",
    type: "merge",
    body: {},
    code: 404,
    message: 'configmaps "a" not found',
  }],
  "json: add, replace, remove, move, copy and test": [CONFIG, {
    send: "PATCH configmaps/a",
    type: "json",
    body: [
      { op: "test", path: "/data/k", value: "v" },
      { op: "replace", path: "/data/k", value: "new" },
      { op: "add", path: "/metadata/labels/z", value: "3" },
      { op: "remove", path: "/metadata/labels/x" },
      { op: "copy", from: "/data/l", path: "/data/m" },
      { op: "move", from: "/data/l", path: "/data/n" },
      { op: "add", path: "/metadata/annotations", value: { "example.com/a": "b" } },
    ],
    code: 200,
    has: {
      data: { k: "new", m: "w", n: "w" },
      metadata: { labels: { y: "2", z: "3" }, annotations: { "example.com/a": "b" } },
    },
    lacks: ["data.l", "metadata.labels.x"],
  }],
  "json: escapes in paths": [CONFIG, {
    send: "PATCH configmaps/a",
    type: "json",
    body: [{ op: "add", path: "/metadata/labels/example.com~1x", value: "y" }],
    code: 200,
    has: { metadata: { labels: { "example.com/x": "y" } } },
  }],
  "json: a test that fails": [CONFIG, {
    send: "PATCH configmaps/a",
    type: "json",
    body: [{ op: "test", path: "/data/k", value: "other" }],
    code: 422,
    reason: "Invalid",
    message: "the server rejected our request due to an error in our request",
  }],
  "json: a path that is not there": [CONFIG, {
    send: "PATCH configmaps/a",
    type: "json",
    body: [{ op: "remove", path: "/data/none" }],
    code: 422,
    reason: "Invalid",
  }],
  "json: too many operations": [CONFIG, {
    send: "PATCH configmaps/a",
    type: "json",
    body: Array.from({ length: 10_001 }, () => ({ op: "test", path: "/data/k", value: "v" })),
    code: 413,
    reason: "RequestEntityTooLarge",
    message:
      "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001",
  }],
  "json: of the revision as it is": [CONFIG, {
    send: "PATCH configmaps/a",
    type: "json",
    body: [
      { op: "test", path: "/metadata/resourceVersion", value: "$rv" },
      { op: "replace", path: "/data/k", value: "x" },
    ],
    code: 200,
  }],
  "strategic: merges containers by name": [POD, {
    send: "PATCH pods/p",
    type: "strategic",
    body: { spec: { containers: [{ name: "two", image: "two:2" }] } },
    code: 200,
    has: {
      metadata: { generation: 2 },
      spec: {
        containers: [
          { name: "one", image: "one:1", ports: [{ containerPort: 80, protocol: "TCP" }] },
          { name: "two", image: "two:2" },
        ],
      },
    },
  }],
  "strategic: $patch: delete takes an item away": [DEPLOYMENT, {
    send: `PATCH ${DEPLOYMENTS}/d`,
    type: "strategic",
    body: template({ containers: [{ name: "two", $patch: "delete" }] }),
    code: 200,
    has: template({ containers: [{ name: "one" }] }),
  }],
  "strategic: $patch: replace replaces a list": [DEPLOYMENT, {
    send: `PATCH ${DEPLOYMENTS}/d`,
    type: "strategic",
    body: template({ containers: [{ name: "new", image: "new:1" }, { $patch: "replace" }] }),
    code: 200,
    has: template({ containers: [{ name: "new", image: "new:1" }] }),
  }],
  "strategic: $patch: replace replaces an object": [DEPLOYMENT, {
    send: `PATCH ${DEPLOYMENTS}/d`,
    type: "strategic",
    body: { metadata: { labels: { x: "y", $patch: "replace" } } },
    code: 200,
    has: { metadata: { labels: { x: "y" } } },
    lacks: ["metadata.labels.$patch"],
  }],
  "strategic: $retainKeys keeps only what it names": [DEPLOYMENT, {
    send: `PATCH ${DEPLOYMENTS}/d`,
    type: "strategic",
    body: { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } },
    code: 200,
    has: { spec: { strategy: { type: "Recreate" } } },
    lacks: ["spec.strategy.rollingUpdate"],
  }],
  "strategic: $setElementOrder puts items in order": [DEPLOYMENT, {
    send: `PATCH ${DEPLOYMENTS}/d`,
    type: "strategic",
    body: template({
      "$setElementOrder/containers": [{ name: "two" }, { name: "one" }],
      containers: [{ name: "one", image: "one:2" }],
    }),
    code: 200,
    has: template({
      containers: [{ name: "two", image: "two:1" }, { name: "one", image: "one:2" }],
    }),
  }],
  "strategic: $deleteFromPrimitiveList": [CONFIG, {
    send: "PATCH configmaps/a",
    type: "strategic",
    body: {
      metadata: {
        finalizers: ["example.com/g"],
        "$deleteFromPrimitiveList/finalizers": ["example.com/f"],
      },
    },
    code: 200,
    has: { metadata: { finalizers: ["example.com/g"] } },
  }],
  "strategic: merges environments and removes with null": [DEPLOYMENT, {
    send: `PATCH ${DEPLOYMENTS}/d`,
    type: "strategic",
    body: template({
      containers: [{
        name: "one",
        env: [{ name: "B", value: "3" }, { name: "A", $patch: "delete" }],
      }],
      volumes: null,
    }),
    code: 200,
    has: template({ containers: [{ env: [{ name: "B", value: "3" }] }, { name: "two" }] }),
    lacks: ["spec.template.spec.volumes"],
  }],
  "of what a pod may not change": [POD, {
    send: "PATCH pods/p",
    type: "merge",
    body: { spec: { restartPolicy: "Never" } },
    code: 422,
    reason: "Invalid",
    has: { details: { causes: [{ reason: "FieldValueForbidden", field: "spec" }] } },
  }],
  "of an unknown type": [CONFIG, {
    send: "PATCH configmaps/a",
    type: "text/plain",
    body: "x",
    code: 415,
    reason: "UnsupportedMediaType",
    message: "the body of the request was in an unknown format - accepted media types include: " +
      "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, " +
      "application/apply-patch+yaml",
  }],
  "of a body that is no JSON": [CONFIG, {
    send: "PATCH configmaps/a",
    type: "merge",
    body: "{",
    code: 400,
    reason: "BadRequest",
  }],
  "force is for apply only": [CONFIG, {
    send: "PATCH configmaps/a?force=true",
    type: "merge",
    body: {},
    code: 422,
    message:
      'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
  }],
};

testCases("patch", PATCH);
