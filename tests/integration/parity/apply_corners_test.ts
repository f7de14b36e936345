/** Server-side apply where it is not plain: lists and sets in one another, several managers, subresources, other writes. */
import type { JsonObject, JsonValue } from "../../../components/base/mod.ts";
import { type Cases, type Step, testCases } from "./parity_case.ts";

const DEPLOYMENTS = "/apis/apps/v1/namespaces/$ns/deployments";

const apply = (path: string, manager: string, body: JsonObject, code: number): Step => ({
  send: `PATCH ${path}?fieldManager=${manager}`,
  type: "apply",
  body,
  code,
});
const force = (step: Step): Step => ({ ...step, send: `${step.send}&force=true`, code: 200 });
const conflict = (step: Step, message: string): Step => ({
  ...step,
  code: 409,
  reason: "Conflict",
  message: `Apply failed with ${message}`,
});

/** A config map that a manager applies; the first of a case creates it. */
const map = (manager: string, data: JsonObject, code = 200, metadata: JsonObject = {}): Step =>
  apply(
    "configmaps/a",
    manager,
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "a", ...metadata },
      // One that is empty would be a value of its own.
      ...(Object.keys(data).length === 0 ? {} : { data }),
    },
    code,
  );

const body = (spec: JsonObject): JsonObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d" },
  spec,
});
const deploy = (manager: string, spec: JsonObject, code = 200): Step =>
  apply(`${DEPLOYMENTS}/d`, manager, body(spec), code);
/** What a deployment must have, and a pod's spec of which the first container is `c`. */
const whole = (pod: JsonObject, more: JsonObject = {}): JsonObject => ({
  selector: { matchLabels: { a: "b" } },
  template: { metadata: { labels: { a: "b" } }, spec: pod },
  ...more,
});
const part = (pod: JsonObject): JsonObject => ({ template: { spec: pod } });
const c = (more: JsonObject = {}): JsonObject => ({
  containers: [{ name: "c", image: "nginx", ...more }],
});
/** Of the same container, without what the first manager has of it. */
const again = (more: JsonObject): JsonObject => ({ containers: [{ name: "c", ...more }] });
const pod = (spec: JsonValue): JsonObject => ({ spec: { template: { spec } } });
const PATH = ".spec.template.spec";

const LISTS: Cases = {
  "managers share an item, and have items of their own in it": [
    deploy("one", whole(c({ env: [{ name: "A", value: "1" }] })), 201),
    {
      ...deploy("two", part(again({ env: [{ name: "B", value: "2" }] }))),
      has: pod(c({ env: [{ name: "A", value: "1" }, { name: "B", value: "2" }] })),
    },
    { ...deploy("two", part(again({}))), has: pod(c({ env: [{ name: "A", value: "1" }] })) },
  ],
  "an item that another names stays with what that one says": [
    deploy("one", whole(c({ env: [{ name: "A", value: "1" }] })), 201),
    deploy("two", part(again({ env: [{ name: "A" }] }))),
    { ...deploy("one", whole(c())), has: pod(c({ env: [{ name: "A" }] })) },
  ],
  "an item that nobody names any more goes": [
    deploy("one", whole(c()), 201),
    {
      ...deploy("two", part({ containers: [{ name: "d", image: "busybox" }] })),
      has: pod({ containers: [{ name: "c" }, { name: "d" }] }),
    },
    { ...deploy("two", {}), has: pod({ containers: [{ name: "c" }] }) },
  ],
  "new items come behind those that are there, in their order": [
    deploy(
      "one",
      whole({ containers: [{ name: "c", image: "i" }, { name: "f", image: "i" }] }),
      201,
    ),
    {
      ...deploy(
        "two",
        part({ containers: [{ name: "b", image: "i" }, { name: "e", image: "i" }] }),
      ),
      has: pod({ containers: [{ name: "c" }, { name: "f" }, { name: "b" }, { name: "e" }] }),
    },
  ],
  "a part of a key that is left out has its default": [
    deploy("one", whole(c({ ports: [{ containerPort: 80 }] })), 201),
    {
      ...deploy(
        "two",
        part(again({ ports: [{ containerPort: 80, protocol: "TCP", name: "http" }] })),
      ),
      has: pod(c({ ports: [{ containerPort: 80, protocol: "TCP", name: "http" }] })),
    },
    {
      ...deploy("one", whole(c({ ports: [{ containerPort: 80, protocol: "TCP" }] }))),
      has: pod(c({ ports: [{ containerPort: 80, protocol: "TCP", name: "http" }] })),
    },
  ],
  "keys of two parts tell items apart by both": [
    deploy("one", whole(c({ ports: [{ containerPort: 53, protocol: "UDP" }] })), 201),
    {
      ...deploy("two", part(again({ ports: [{ containerPort: 53 }] }))),
      has: pod(
        c({
          ports: [{ containerPort: 53, protocol: "UDP" }, { containerPort: 53, protocol: "TCP" }],
        }),
      ),
    },
    {
      ...deploy("two", part(again({}))),
      has: pod(c({ ports: [{ containerPort: 53, protocol: "UDP" }] })),
    },
  ],
  "a field in an item in an item is in conflict": [
    deploy("one", whole(c({ env: [{ name: "A", value: "1" }] })), 201),
    conflict(
      deploy("two", part(again({ env: [{ name: "A", value: "2" }] }))),
      `1 conflict: conflict with "one": ${PATH}.containers[name="c"].env[name="A"].value`,
    ),
  ],
  "a field behind a key of two parts is in conflict": [
    deploy("one", whole(c({ ports: [{ containerPort: 80, name: "a" }] })), 201),
    conflict(
      deploy("two", part(again({ ports: [{ containerPort: 80, name: "b" }] }))),
      `1 conflict: conflict with "one": ${PATH}.containers[name="c"].ports[containerPort=80,protocol="TCP"].name`,
    ),
  ],
  "a list without keys is one value": [
    deploy("one", whole(c({ args: ["a"] })), 201),
    conflict(
      deploy("two", part(again({ args: ["b"] }))),
      `1 conflict: conflict with "one": ${PATH}.containers[name="c"].args`,
    ),
    { ...deploy("two", part(again({ args: ["a"] }))), has: pod(c({ args: ["a"] })) },
  ],
  "a list of structs without keys is one value": [
    deploy("one", whole({ ...c(), tolerations: [{ key: "a", operator: "Exists" }] }), 201),
    conflict(
      deploy("two", part({ tolerations: [{ key: "b", operator: "Exists" }] })),
      `1 conflict: conflict with "one": ${PATH}.tolerations`,
    ),
  ],
  "a map that is one value": [
    deploy("one", whole({ ...c(), nodeSelector: { a: "1" } }), 201),
    conflict(
      deploy("two", part({ nodeSelector: { b: "1" } })),
      `1 conflict: conflict with "one": ${PATH}.nodeSelector`,
    ),
    force({
      ...deploy("two", part({ nodeSelector: { b: "1" } })),
      has: pod({ nodeSelector: { b: "1" } }),
    }),
    { ...deploy("one", whole(c())), has: pod({ nodeSelector: { b: "1" } }) },
  ],
  "a map of which each entry is a value": [
    deploy("one", whole(c({ resources: { limits: { cpu: "1" } } })), 201),
    {
      ...deploy("two", part(again({ resources: { limits: { memory: "1Gi" } } }))),
      has: pod(c({ resources: { limits: { cpu: "1", memory: "1Gi" } } })),
    },
    {
      ...deploy("one", whole(c())),
      has: pod(c({ resources: { limits: { memory: "1Gi" } } })),
      lacks: ["spec.template.spec.containers.0.resources.limits.cpu"],
    },
  ],
  "items by an address": [
    deploy("one", whole({ ...c(), hostAliases: [{ ip: "10.0.0.1", hostnames: ["a"] }] }), 201),
    {
      ...deploy("two", part({ hostAliases: [{ ip: "10.0.0.2", hostnames: ["b"] }] })),
      has: pod({ hostAliases: [{ ip: "10.0.0.1" }, { ip: "10.0.0.2" }] }),
    },
    conflict(
      deploy("two", part({ hostAliases: [{ ip: "10.0.0.1", hostnames: ["b"] }] })),
      `1 conflict: conflict with "one": ${PATH}.hostAliases[ip="10.0.0.1"].hostnames`,
    ),
  ],
  "items by a key that may be empty": [
    deploy("one", whole({ ...c(), imagePullSecrets: [{ name: "a" }] }), 201),
    {
      ...deploy("two", part({ imagePullSecrets: [{ name: "b" }] })),
      has: pod({ imagePullSecrets: [{ name: "a" }, { name: "b" }] }),
    },
    { ...deploy("one", whole(c())), has: pod({ imagePullSecrets: [{ name: "b" }] }) },
  ],
  "a volume of two kinds is refused by its rules, not by apply": [
    deploy("one", whole({ ...c(), volumes: [{ name: "v", emptyDir: {} }] }), 201),
    {
      ...deploy("two", part({ volumes: [{ name: "v", configMap: { name: "m" } }] }), 422),
      reason: "Invalid",
    },
    {
      ...deploy("one", whole({ ...c(), volumes: [{ name: "v", configMap: { name: "m" } }] })),
      has: pod({ volumes: [{ name: "v", configMap: { name: "m" } }] }),
      lacks: ["spec.template.spec.volumes.0.emptyDir"],
    },
  ],
  "a set has the values of all": [
    { ...map("one", {}, 201, { finalizers: ["a.test/x"] }) },
    {
      ...map("two", {}, 200, { finalizers: ["b.test/y"] }),
      has: { metadata: { finalizers: ["a.test/x", "b.test/y"] } },
    },
    {
      ...map("three", {}, 200, { finalizers: ["a.test/x"] }),
      has: { metadata: { finalizers: ["a.test/x", "b.test/y"] } },
    },
    { ...map("one", {}), has: { metadata: { finalizers: ["a.test/x", "b.test/y"] } } },
    { ...map("three", {}), has: { metadata: { finalizers: ["b.test/y"] } } },
  ],
  "a set's value is owned by itself": [{
    ...map("one", {}, 201, { finalizers: ["a.test/x"] }),
    has: {
      metadata: {
        managedFields: [{
          fieldsV1: { "f:metadata": { "f:finalizers": { 'v:"a.test/x"': {} } } },
        }],
      },
    },
  }],
  "ports of a service are told apart by port and protocol": [
    apply("services/s", "one", service([{ port: 80 }]), 201),
    {
      ...apply("services/s", "two", service([{ port: 80, protocol: "UDP", name: "u" }]), 422),
      reason: "Invalid",
    },
    conflict(
      apply("services/s", "two", service([{ port: 80, targetPort: 8080 }]), 200),
      '1 conflict: conflict with "one": .spec.ports[port=80,protocol="TCP"].targetPort',
    ),
  ],
};

function service(ports: JsonObject[]): JsonObject {
  const given = ports.map((port) => ({ ...port }));
  if (given[0]?.["protocol"] === undefined && given[0]?.["targetPort"] === undefined) {
    given[0] = { ...given[0], targetPort: 80 };
  }
  return { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec: { ports: given } };
}

const put = (manager: string, data: JsonObject, metadata: JsonObject = {}): Step => ({
  send: `PUT configmaps/a?fieldManager=${manager}`,
  body: { metadata: { name: "a", ...metadata }, data },
  code: 200,
});
const managers = (...names: [string, string][]): JsonObject => ({
  metadata: { managedFields: names.map(([manager, operation]) => ({ manager, operation })) },
});

const MANAGERS: Cases = {
  "conflicts with several are told by manager": [
    map("b", { k: "1" }, 201),
    map("a", { l: "1", m: "1" }),
    conflict(
      map("c", { k: "2", l: "2", m: "2" }),
      '3 conflicts: conflicts with "a":\n- .data.l\n- .data.m\nconflicts with "b":\n- .data.k',
    ),
  ],
  "conflicts with who applies and who updates": [
    map("one", { k: "1" }, 201),
    { ...put("two", { k: "1", l: "1" }), has: managers(["one", "Apply"], ["two", "Update"]) },
    conflict(
      map("three", { k: "2", l: "2" }),
      '2 conflicts: conflicts with "one":\n- .data.k\nconflicts with "two" using v1:\n- .data.l',
    ),
  ],
  "one field of two managers is two conflicts": [
    map("one", { k: "1" }, 201),
    map("two", { k: "1" }),
    conflict(
      map("three", { k: "2" }),
      '2 conflicts: conflicts with "one":\n- .data.k\nconflicts with "two":\n- .data.k',
    ),
  ],
  "force takes a field from all": [
    map("one", { k: "1", o: "1" }, 201),
    map("two", { k: "1" }),
    force({
      ...map("three", { k: "2" }),
      has: {
        data: { k: "2", o: "1" },
        ...managers(["one", "Apply"], ["three", "Apply"]),
      },
    }),
    conflict(map("one", { k: "1", o: "1" }), '1 conflict: conflict with "three": .data.k'),
  ],
  "what was taken is not removed by who had it": [
    map("one", { k: "1", o: "1" }, 201),
    force(map("two", { k: "2" })),
    { ...map("one", { o: "1" }), has: { data: { k: "2", o: "1" } } },
    { ...map("two", {}), has: { data: { o: "1" } }, lacks: ["data.k"] },
  ],
  "who had it may agree again": [
    map("one", { k: "1" }, 201),
    force(map("two", { k: "2" })),
    { ...map("one", { k: "2" }), has: managers(["one", "Apply"], ["two", "Apply"]) },
    { ...map("two", {}), has: { data: { k: "2" }, ...managers(["one", "Apply"]) } },
  ],
  "who states nothing any more is no manager": [
    map("one", { k: "1" }, 201),
    map("two", { l: "1" }),
    {
      ...map("two", {}),
      has: { data: { k: "1" }, ...managers(["one", "Apply"]) },
      lacks: ["data.l"],
    },
  ],
  "an update takes what it changes": [
    map("one", { k: "1", l: "1" }, 201),
    put("two", { k: "2", l: "1" }),
    conflict(map("one", { k: "1", l: "1" }), '1 conflict: conflict with "two" using v1: .data.k'),
    { ...map("one", { l: "1" }), has: { data: { k: "2", l: "1" } } },
  ],
  "an update that changes nothing takes nothing": [
    map("one", { k: "1" }, 201),
    { ...put("two", { k: "1" }), has: managers(["one", "Apply"]) },
    { ...map("one", { k: "2" }), has: { data: { k: "2" } } },
  ],
  "what an update removes is nobody's": [
    map("one", { k: "1", l: "1" }, 201),
    { ...put("two", { l: "1" }), lacks: ["data.k"] },
    { ...map("three", { k: "3" }), has: { data: { k: "3", l: "1" } } },
    conflict(map("one", { k: "1", l: "1" }), '1 conflict: conflict with "three": .data.k'),
  ],
  "patches take what they change, each in its way": [
    map("one", { k: "1", l: "1", m: "1" }, 201),
    {
      send: "PATCH configmaps/a?fieldManager=merge",
      type: "merge",
      body: { data: { k: "2" } },
      code: 200,
    },
    {
      send: "PATCH configmaps/a?fieldManager=json",
      type: "json",
      body: [{ op: "replace", path: "/data/l", value: "2" }],
      code: 200,
    },
    {
      send: "PATCH configmaps/a?fieldManager=strategic",
      type: "strategic",
      body: { data: { m: "2" } },
      code: 200,
    },
    conflict(
      map("one", { k: "1", l: "1", m: "1" }),
      '3 conflicts: conflicts with "json" using v1:\n- .data.l\nconflicts with "merge" using v1:\n- .data.k\n' +
        'conflicts with "strategic" using v1:\n- .data.m',
    ),
  ],
  "one name that applies and updates is two managers": [
    map("one", { k: "1" }, 201),
    { ...put("one", { k: "2" }), has: managers(["one", "Update"]) },
    conflict(map("one", { k: "1" }), '1 conflict: conflict with "one" using v1: .data.k'),
  ],
  "labels and annotations are owned one by one": [
    map("one", {}, 201, { labels: { a: "1" }, annotations: { x: "1" } }),
    {
      ...map("two", {}, 200, { labels: { b: "1" }, annotations: { x: "1" } }),
      has: { metadata: { labels: { a: "1", b: "1" } } },
    },
    conflict(
      map("two", {}, 200, { annotations: { x: "2" } }),
      '1 conflict: conflict with "one": .metadata.annotations.x',
    ),
    {
      ...map("one", {}),
      has: { metadata: { labels: { b: "1" }, annotations: { x: "1" } } },
      lacks: ["metadata.labels.a"],
    },
  ],
  "references to owners are told apart by uid": [
    map("one", {}, 201, { ownerReferences: [owner("u1")] }),
    {
      ...map("two", {}, 200, { ownerReferences: [owner("u2")] }),
      has: { metadata: { ownerReferences: [{ uid: "u1" }, { uid: "u2" }] } },
    },
    { ...map("one", {}), has: { metadata: { ownerReferences: [{ uid: "u2" }] } } },
  ],
  "a dry run leaves no trace": [
    map("one", { k: "1" }, 201),
    {
      ...force(map("two", { k: "2" })),
      send: "PATCH configmaps/a?fieldManager=two&force=true&dryRun=All",
      has: { data: { k: "2" } },
    },
    {
      send: "GET configmaps/a",
      code: 200,
      has: { data: { k: "1" }, ...managers(["one", "Apply"]) },
    },
  ],
  "of a revision that has passed is a conflict of its own": [
    map("one", { k: "1" }, 201),
    {
      ...map("one", { k: "2" }, 409, { resourceVersion: "1" }),
      reason: "Conflict",
      message:
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes ' +
        "to the latest version and try again",
    },
  ],
  "of another's uid is refused": [
    map("one", { k: "1" }, 201),
    { ...map("one", { k: "2" }, 409, { uid: "other" }), reason: "Conflict" },
  ],
  "with managed fields is refused": [
    {
      ...map("one", { k: "1" }, 400, {
        managedFields: [{ manager: "x", operation: "Apply", apiVersion: "v1" }],
      }),
      message: "metadata.managedFields must be nil",
    },
  ],
  "from client-side apply on takes over what that had": [
    {
      send: "POST configmaps?fieldManager=kubectl-client-side-apply",
      body: {
        metadata: {
          name: "a",
          annotations: {
            "kubectl.kubernetes.io/last-applied-configuration":
              '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"1","l":"1"}}',
          },
        },
        data: { k: "1", l: "1" },
      },
      code: 201,
    },
    {
      ...map("kubectl", { k: "2" }),
      // What it does not state any more it never had: that is for kubectl to have moved over before.
      has: { data: { k: "2", l: "1" } },
    },
  ],
  "another than kubectl takes over nothing": [
    {
      send: "POST configmaps?fieldManager=kubectl-client-side-apply",
      body: {
        metadata: {
          name: "a",
          annotations: {
            "kubectl.kubernetes.io/last-applied-configuration":
              '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"1"}}',
          },
        },
        data: { k: "1" },
      },
      code: 201,
    },
    conflict(
      map("other", { k: "2" }),
      '1 conflict: conflict with "kubectl-client-side-apply" using v1: .data.k',
    ),
  ],
};

function owner(uid: string): JsonObject {
  return { apiVersion: "v1", kind: "ConfigMap", name: uid, uid };
}

const scale = (manager: string, replicas: number, code = 200): Step =>
  apply(`${DEPLOYMENTS}/d/scale`, manager, {
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    metadata: { name: "d" },
    spec: { replicas },
  }, code);
const status = (manager: string, value: JsonObject, code = 200): Step =>
  apply(`${DEPLOYMENTS}/d/status`, manager, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "d" },
    status: value,
  }, code);
const condition = (type: string, more: JsonObject = {}): JsonObject => ({
  type,
  status: "True",
  ...more,
});

const SUBRESOURCES: Cases = {
  "scale takes the replicas under its own name": [
    deploy("one", whole(c()), 201),
    { ...scale("hpa", 3), has: { spec: { replicas: 3 } } },
    {
      send: `GET ${DEPLOYMENTS}/d`,
      code: 200,
      has: {
        spec: { replicas: 3 },
        metadata: {
          managedFields: [{
            manager: "hpa",
            operation: "Apply",
            subresource: "scale",
            apiVersion: "apps/v1",
            fieldsV1: { "f:spec": { "f:replicas": {} } },
          }, { manager: "one" }],
        },
      },
    },
    conflict(
      deploy("one", whole(c(), { replicas: 1 })),
      '1 conflict: conflict with "hpa" with subresource "scale": .spec.replicas',
    ),
  ],
  "scale is in conflict with who has stated the replicas": [
    deploy("one", whole(c(), { replicas: 1 }), 201),
    conflict(scale("hpa", 3), '1 conflict: conflict with "one": .spec.replicas'),
    force(scale("hpa", 3)),
    { ...deploy("one", whole(c())), has: { spec: { replicas: 3 } } },
  ],
  "an update of scale takes the replicas as well": [
    deploy("one", whole(c(), { replicas: 1 }), 201),
    {
      send: `PATCH ${DEPLOYMENTS}/d/scale?fieldManager=two`,
      type: "merge",
      body: { spec: { replicas: 2 } },
      code: 200,
    },
    conflict(
      deploy("one", whole(c(), { replicas: 1 })),
      '1 conflict: conflict with "two" with subresource "scale" using apps/v1: .spec.replicas',
    ),
  ],
  "scale of what is not there": [{ ...scale("hpa", 3, 404), reason: "NotFound" }],
  "status has managers of its own": [
    deploy("one", whole(c()), 201),
    {
      ...status("one", { conditions: [condition("A")] }),
      has: {
        status: { conditions: [{ type: "A" }] },
        metadata: {
          managedFields: [{ manager: "one" }, { manager: "one", subresource: "status" }],
        },
      },
    },
    {
      ...status("two", { conditions: [condition("B")] }),
      has: { status: { conditions: [{ type: "A" }, { type: "B" }] } },
    },
    conflict(
      status("two", { conditions: [condition("A", { status: "False" })] }),
      '1 conflict: conflict with "one" with subresource "status": .status.conditions[type="A"].status',
    ),
    { ...status("one", {}), has: { status: { conditions: [{ type: "B" }] } } },
  ],
  "status beside the spec is passed over, and the spec beside the status": [
    { ...deploy("one", whole(c()), 201) },
    {
      ...apply(`${DEPLOYMENTS}/d`, "one", { ...body(whole(c())), status: { replicas: 7 } }, 200),
      lacks: ["status.replicas"],
    },
    {
      ...apply(
        `${DEPLOYMENTS}/d/status`,
        "two",
        { ...body({ replicas: 9 }), status: { replicas: 7 } },
        200,
      ),
      has: { spec: { replicas: 1 }, status: { replicas: 7 } },
    },
  ],
};

testCases("apply, lists", LISTS);
testCases("apply, managers", MANAGERS);
testCases("apply, subresources", SUBRESOURCES);
